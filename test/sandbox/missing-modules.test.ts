import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Phone, Sandbox } from '../../sandbox/index.js';
import { InvalidInput, startSandbox } from '../../sandbox/index.js';
import { until } from '../support/until.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary } from './plain-library.js';

/** A library that asks for what an update of WhatsApp has taken away. The profile stays linked over the tests. */
let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let phone: Phone;
let library: PlainLibrary;

beforeAll(async () => {
  profile = await createProfile();
  sandbox = await startSandbox({ autoLink: { number: '15550001000' } });
  phone = sandbox.phone('15550001000');
});

afterEach(async () => {
  await library.stop();
  sandbox.modules({ missing: [] });
  expect(sandbox.unknownModules).toEqual([]);
  expect(sandbox.pageErrors).toEqual([]);
});

afterAll(async () => {
  await sandbox.close();
  await profile.remove();
});

const evaluate = (expression: string): Promise<unknown> =>
  library.client.pupPage?.evaluate(expression) ?? Promise.reject(new Error('The library has no page.'));

/** What the page complains of, beginning now. */
function complaints(): string[] {
  const seen: string[] = [];
  library.client.pupPage?.on('pageerror', (error) => seen.push(String(error)));
  return seen;
}

test('a module that is taken away is missing from the next load on, until it is brought back', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('ready');
  sandbox.modules({ missing: ['WAWebLinkPreviewChatAction'] });
  const ask = (): Promise<unknown> => evaluate(`typeof window.require('WAWebLinkPreviewChatAction')`);
  expect(await ask()).toBe('object');
  phone.reloadPage();
  await library.next('ready');
  await expect(ask()).rejects.toThrow('Requiring unknown module "WAWebLinkPreviewChatAction"');
  sandbox.modules({ missing: [] });
  await expect(ask()).rejects.toThrow('Requiring unknown module');
  phone.reloadPage();
  await library.next('ready');
  expect(await ask()).toBe('object');
});

test('without what the injection needs, initialize() rejects', async () => {
  sandbox.modules({ missing: ['WAWebCmd'] });
  library = startPlainLibrary(sandbox, profile.folder);
  await expect(library.initialized).rejects.toThrow('Requiring unknown module "WAWebCmd"');
});

test('without what the listeners need, the library is authenticated and never ready, and only the page is told why', async () => {
  phone.sync({ withhold: true });
  sandbox.modules({ missing: ['WAWebSyncGatingUtils'] });
  library = startPlainLibrary(sandbox, profile.folder);
  await library.initialized;
  const seen = complaints();
  phone.releaseSync();
  await library.next('authenticated');
  await until(() => seen[0], { expectation: () => 'the page to complain.' });
  expect(seen.join()).toContain('Requiring unknown module "WAWebSyncGatingUtils"');
  expect(await evaluate(`typeof window.WWebJS`)).toBe('object');
  expect(library.count('ready')).toBe(0);
  // A second edge is announced, though nothing listens.
  phone.setSynced(false);
  await library.next('ready');
  phone.sync({});
});

test('a module that is missing once is found the next time: the library can be helped in the living page', async () => {
  phone.sync({ withhold: true });
  sandbox.modules({ missing: ['WAWebSyncGatingUtils'], times: 1 });
  library = startPlainLibrary(sandbox, profile.folder);
  await library.initialized;
  const seen = complaints();
  phone.releaseSync();
  await until(() => seen[0], { expectation: () => 'the page to complain.' });
  await phone.forgetUtilities();
  await evaluate(`window.onAppStateHasSyncedEvent()`);
  await library.next('ready');
  await phone.receiveText({ from: '15551234567', body: 'do you hear me?' });
  await library.next('message');
  phone.sync({});
});

test('what the sandbox does not have cannot be taken away', () => {
  expect(() => sandbox.modules({ missing: ['WAWebNobodyHasThis'] })).toThrow(InvalidInput);
});
