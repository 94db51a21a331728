import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Client, Message } from 'whatsapp-web.js';
import type { Phone, Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import { until } from '../support/until.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary, waitForSocketState } from './plain-library.js';

/** The profile stays linked over the tests of this file: each of them starts and ends as a linked device. */
let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let phone: Phone;
let library: PlainLibrary;

beforeAll(async () => {
  profile = await createProfile();
  sandbox = await startSandbox({ autoLink: { number: '15550001000' } });
  phone = sandbox.phone('15550001000');
});

beforeEach(() => {
  library = startPlainLibrary(sandbox, profile.folder);
});

afterEach(async () => {
  await library.stop();
  phone.sync({});
});

afterAll(async () => {
  await sandbox.close();
  await profile.remove();
});

const evaluate = (client: Client, expression: string): Promise<unknown> =>
  client.pupPage?.evaluate(expression) ?? Promise.reject(new Error('The library has no page.'));

test('a sync that ends before the listener is attached leaves the plain library waiting for ever', async () => {
  phone.sync({ beforeListener: true });
  await library.initialized;
  await phone.waitFor('synced');
  expect(await evaluate(library.client, `window.require('WAWebSocketModel').Socket.hasSynced`)).toBe(true);
  expect(await evaluate(library.client, `typeof window.WWebJS`)).toBe('undefined');
  expect(library.count('ready')).toBe(0);
  // What a supervisor can do about it.
  await evaluate(library.client, `window.onAppStateHasSyncedEvent()`);
  await library.next('ready');
});

test('a withheld sync ends when it is released', async () => {
  const { release } = phone.sync({ withhold: true });
  await library.initialized;
  await waitForSocketState(library.client, 'CONNECTED');
  expect(phone.status.synced).toBe(false);
  release();
  await library.next('ready');
});

test('a sync that advances is told step by step, and may take as long as it likes', async () => {
  phone.sync({ progressEveryMs: 250, steps: 20 });
  await library.next('ready');
  const percentages = library.events.flatMap(({ name, args }) => (name === 'loading_screen' ? [Number(args[0])] : []));
  expect(percentages.length).toBeGreaterThanOrEqual(3);
  expect(percentages).toEqual([...percentages].sort((one, other) => one - other));
  expect(percentages.every((percent) => percent % 5 === 0)).toBe(true);
  expect(percentages.at(-1)).toBe(100);
});

test('a sync can advance and then stand still', async () => {
  const { release } = phone.sync({ progressEveryMs: 20, steps: 4, withhold: true });
  await library.initialized;
  const percent = `window.require('WAWebOfflineHandler').OfflineMessageHandler.getOfflineDeliveryProgress()`;
  await until(async () => ((await evaluate(library.client, percent)) === 75 ? true : undefined), {
    expectation: () => 'the sync to stand at 75 %.',
  });
  expect(phone.status.synced).toBe(false);
  release();
  await library.next('ready');
});

test('every edge of hasSynced makes the library announce ready again, even the false one', async () => {
  await library.next('ready');
  phone.setSynced(false);
  await library.next('ready');
  expect(await evaluate(library.client, `window.require('WAWebSocketModel').Socket.hasSynced`)).toBe(false);
});

test('after a reload of the page the library is ready again and hears each message once', async () => {
  await library.next('ready');
  phone.reloadPage();
  await library.next('ready');
  await phone.receiveText({ from: '15551234567', body: 'after the reload' });
  await library.next('message');
  await phone.receiveText({ from: '15551234567', body: 'last' });
  await library.next('message');
  expect(library.count('message')).toBe(2);
});

test('a terminal state ends the plain library', async () => {
  await library.next('ready');
  phone.setState('TOS_BLOCK');
  expect(await library.next('disconnected')).toEqual(['TOS_BLOCK']);
});

test('a page that was made deaf calls into the void, and lives on', async () => {
  await library.next('ready');
  await phone.deafen();
  const { id } = await phone.receiveText({ from: '15551234567', body: 'is there anybody?' });
  await phone.waitForAck(id, 2);
  expect(await evaluate(library.client, `window.onAppStateHasSyncedEvent()`)).toBeUndefined();
  await library.client.sendMessage('15551234567@c.us', 'can speak');
  await phone.waitForSent(({ body }) => body === 'can speak');
  expect(await library.client.getState()).toBe('CONNECTED');
  expect(library.events.filter(({ name }) => name.startsWith('message') || name === 'authenticated')).toHaveLength(1);
  // The next document has living functions again.
  phone.reloadPage();
  await library.next('ready');
});

test('a page that has forgotten the library’s half is not told from one that never had it', async () => {
  await library.next('ready');
  await phone.forgetUtilities();
  expect(await evaluate(library.client, `typeof window.WWebJS`)).toBe('undefined');
  await evaluate(library.client, `window.onAppStateHasSyncedEvent()`);
  await library.next('ready');
  expect(await evaluate(library.client, `typeof window.WWebJS`)).toBe('object');
});

test('a frozen page answers nothing while the browser does', async () => {
  await library.next('ready');
  await phone.freezePage(1500);
  const answer = evaluate(library.client, `'thawed'`);
  expect(await library.client.pupBrowser?.version()).toContain('Chrome');
  expect(await Promise.race([answer, Promise.resolve('frozen')])).toBe('frozen');
  expect(await answer).toBe('thawed');
});

test('a crashed page is told by an event of the page and by nothing else', async () => {
  await library.next('ready');
  const { pupPage: page, pupBrowser: browser } = library.client;
  const crashed = new Promise((resolve) => page?.once('error', resolve));
  await phone.crashPage();
  expect(await crashed).toMatchObject({ message: 'Page crashed!' });
  expect(browser?.connected).toBe(true);
  expect(page?.isClosed()).toBe(false);
});

test('on the current build the plain library is lamed by the new message keys, as in reality', async () => {
  await library.next('ready');
  const { id } = await phone.receiveMedia({ from: '15551234567', mimetype: 'text/plain', data: 'aGk=' });
  const [message] = (await library.next('message')) as [Message];
  expect(Object.entries(message.id)).toContainEqual(['$1', id]);
  expect(await message.reply('unquoted')).toBeUndefined();
  expect((await phone.waitForSent(({ body }) => body === 'unquoted')).quotedMessageId).toBeUndefined();
  await expect(message.downloadMedia()).rejects.toThrow('invalid message key');
  await expect(library.client.getChats()).rejects.toThrow('invalid message key');
});

test('an unknown module is refused as WhatsApp does, and reported', async () => {
  await library.next('ready');
  await expect(evaluate(library.client, `window.require('WAWebNobodyHasThis')`)).rejects.toThrow(
    'Requiring unknown module "WAWebNobodyHasThis"',
  );
  await expect.poll(() => sandbox.unknownModules).toEqual(['WAWebNobodyHasThis']);
  expect(sandbox.servedModules).toContain('WAWebSocketModel');
  expect(sandbox.pageErrors).toEqual([]);
});
