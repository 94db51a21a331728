import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Client } from 'whatsapp-web.js';
import type { Phone, Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary, waitForSocketState } from './plain-library.js';

/** The profile stays linked over the tests of this file: each of them starts and ends as a linked device. */
let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let phone: Phone;
let library: PlainLibrary;

beforeAll(async () => {
  profile = await createProfile();
  // A page that has not connected when this is over looks linked to the library: it must be longer than a load takes.
  sandbox = await startSandbox({ socketTimeoutMs: 2000, autoLink: { number: '15550001000' } });
  phone = sandbox.phone('15550001000');
});

beforeEach(() => {
  library = startPlainLibrary(sandbox, profile.folder);
});

afterEach(async () => {
  await library.stop();
  phone.releaseLogin();
  phone.closeElsewhere();
  sandbox.network({ cut: false, latencyMs: 0 });
  sandbox.pageLoads({ refuse: false });
});

afterAll(async () => {
  await sandbox.close();
  await profile.remove();
});

const evaluate = (client: Client, expression: string): Promise<unknown> =>
  client.pupPage?.evaluate(expression) ?? Promise.reject(new Error('The library has no page.'));

/** A library that doesn't end itself at a CONFLICT, as it does by default. */
async function startFighter(takeoverTimeoutMs: number): Promise<void> {
  await library.next('ready');
  await library.stop();
  library = startPlainLibrary(sandbox, profile.folder, { takeoverOnConflict: true, takeoverTimeoutMs });
  await library.next('ready');
}

test('a dropped socket comes back by itself, and what came meanwhile is emitted as new', async () => {
  await library.next('ready');
  sandbox.network({ cut: true });
  await phone.waitFor('offline');
  await waitForSocketState(library.client, 'TIMEOUT');
  await phone.receiveText({ from: '15551234567', body: 'meanwhile' });
  sandbox.network({ cut: false });
  const [message] = (await library.next('message')) as [{ body: string }];
  expect(message.body).toBe('meanwhile');
  expect(await library.client.getState()).toBe('CONNECTED');
  const { socketConnections: connections, logins, reconnects } = sandbox.counters;
  phone.dropSocket();
  await phone.waitFor('synced');
  expect(sandbox.counters.socketConnections).toBeGreaterThanOrEqual(connections);
  await expect.poll(() => sandbox.counters.logins).toBe(logins + 1);
  await evaluate(library.client, `window.require('WAWebSocketModel').Socket.reconnect()`);
  await expect.poll(() => sandbox.counters.reconnects).toBe(reconnects + 1);
  await expect.poll(() => sandbox.counters.logins).toBe(logins + 2);
  expect(library.count('ready')).toBe(1);
});

test('what the bot sends while the network is cut goes out when it is back', async () => {
  await library.next('ready');
  sandbox.network({ cut: true });
  await phone.waitFor('offline');
  await library.client.sendMessage('15551234567@c.us', 'patience');
  expect(phone.sent.some(({ body }) => body === 'patience')).toBe(false);
  sandbox.network({ cut: false });
  await phone.waitForSent(({ body }) => body === 'patience');
});

test('latency delays every frame', async () => {
  await library.next('ready');
  sandbox.network({ latencyMs: 150 });
  const start = performance.now();
  await phone.receiveText({ from: '15551234567', body: 'slow' });
  await library.next('message');
  expect(performance.now() - start).toBeGreaterThanOrEqual(150);
});

test('without any network a living page waits, a new one fails, and both are well when it is back', async () => {
  await library.next('ready');
  const page = library.client.pupPage;
  sandbox.network({ cut: true });
  sandbox.pageLoads({ refuse: true });
  await waitForSocketState(library.client, 'TIMEOUT');
  sandbox.network({ cut: false });
  await waitForSocketState(library.client, 'CONNECTED');

  sandbox.network({ cut: true });
  await phone.waitFor('offline');
  const reload = async (): Promise<unknown> => page?.goto('https://web.whatsapp.com/');
  for (const attempt of [1, 2, 3]) await expect(reload(), `load ${attempt}`).rejects.toThrow('ERR_CONNECTION_REFUSED');
  const { logins, qrRefsServed } = sandbox.counters;
  expect(phone.status).toMatchObject({ linked: true, connected: false });
  sandbox.network({ cut: false });
  sandbox.pageLoads({ refuse: false });
  await reload();
  await phone.waitFor('synced');
  expect(sandbox.counters).toMatchObject({ logins: logins + 1, qrRefsServed });
  expect(library.count('qr')).toBe(0);
});

test('a login that is held stays in PAIRING, over reconnects too, until it is released', async () => {
  const { logins } = sandbox.counters;
  const { release } = phone.holdLogin();
  await waitForSocketState(library.client, 'PAIRING');
  phone.dropSocket();
  await waitForSocketState(library.client, 'PAIRING');
  sandbox.network({ cut: true });
  await waitForSocketState(library.client, 'TIMEOUT');
  sandbox.network({ cut: false });
  await waitForSocketState(library.client, 'PAIRING');
  expect(phone.status).toMatchObject({ linked: true, connected: false });
  expect(sandbox.counters.logins).toBe(logins);
  release();
  await library.next('ready');
  expect(sandbox.counters.logins).toBe(logins + 1);
  expect(library.count('qr')).toBe(0);
});

test('a login that is held while the phone unlinks the device is refused when it is released', async () => {
  const { release } = phone.holdLogin();
  await waitForSocketState(library.client, 'PAIRING');
  phone.unlink();
  release();
  await library.initialized.catch(() => undefined);
  await waitForSocketState(library.client, 'UNPAIRED');
  expect(library.client.pupPage?.url()).toContain('post_logout=1');
});

test('a second page on the same link puts the first into CONFLICT, and takeover() brings it back', async () => {
  await startFighter(50);
  const { takeovers } = sandbox.counters;
  const second = await library.client.pupBrowser?.newPage();
  await second?.goto('https://web.whatsapp.com/');
  expect(await library.next('change_state')).toEqual(['CONFLICT']);
  await waitForSocketState(library.client, 'CONFLICT', second);
  await waitForSocketState(library.client, 'CONNECTED');
  expect(sandbox.counters.takeovers).toBe(takeovers + 1);
});

test('who opens the link elsewhere puts the page into CONFLICT, and is thrown out by a takeover', async () => {
  await startFighter(600_000);
  const elsewhere = phone.openElsewhere();
  await waitForSocketState(library.client, 'CONFLICT');
  const { id } = await phone.receiveText({ from: '15551234567', body: 'for whom?' });
  expect(phone.status).toMatchObject({ connected: false, undelivered: 1 });
  const { takeovers } = sandbox.counters;
  await evaluate(library.client, `window.require('WAWebSocketModel').Socket.takeover()`);
  await phone.waitForAck(id, 2);
  await waitForSocketState(library.client, 'CONNECTED');
  expect(elsewhere.takeovers).toBe(1);
  expect(sandbox.counters.takeovers).toBe(takeovers + 1);
});

test('who is stubborn elsewhere takes the link back each time, until it is closed', async () => {
  await startFighter(50);
  const elsewhere = phone.openElsewhere({ stubborn: true });
  for (let conflicts = 1; conflicts <= 3; conflicts += 1) {
    while ((await library.next('change_state'))[0] !== 'CONFLICT');
  }
  elsewhere.close();
  await phone.receiveText({ from: '15551234567', body: 'peace' });
  await library.next('message');
  expect(elsewhere.takeovers).toBeGreaterThanOrEqual(2);
  expect(phone.closeElsewhere()).toEqual({ takeovers: elsewhere.takeovers });
});

test('a load is a login, too: it throws out who has opened the link elsewhere', async () => {
  await startFighter(600_000);
  const elsewhere = phone.openElsewhere();
  await waitForSocketState(library.client, 'CONFLICT');
  phone.reloadPage();
  await library.next('ready');
  expect(elsewhere.takeovers).toBe(1);
});
