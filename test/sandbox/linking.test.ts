import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary, waitForSocketState } from './plain-library.js';

const number = '15550001000';
let folder: string;
let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let library: PlainLibrary | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sandbox-state-'));
  profile = await createProfile();
  sandbox = await startSandbox({ stateFile: path.join(folder, 'state.json') });
});

afterEach(async () => {
  await library?.stop();
  library = undefined;
});

afterAll(async () => {
  await sandbox.close();
  await profile.remove();
  await rm(folder, { recursive: true });
});

test('the plain library links by QR code, hears a message and answers it', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  const [qr] = await library.next('qr');
  await sandbox.phone(number).scanQr(String(qr));
  await library.next('authenticated');
  await library.next('ready');
  expect(library.client.info.wid._serialized).toBe(`${number}@c.us`);

  const { id } = await sandbox.phone(number).receiveText({ from: '15551234567', body: '!ping' });
  const [message] = (await library.next('message')) as [{ body: string; id: Record<string, unknown> }];
  expect(message.body).toBe('!ping');
  // The builds since July 2026: the text of the key is no longer where the library looks for it.
  expect(message.id['_serialized']).toBeUndefined();
  expect(message.id['$1']).toBe(id);

  await library.client.sendMessage('15551234567@c.us', 'pong');
  const sent = await sandbox.phone(number).waitForSent(({ body }) => body === 'pong');
  expect(sent.to).toBe('15551234567@c.us');
  expect(sandbox.pageErrors).toEqual([]);
});

test('the same profile is linked after a restart of browser and sandbox, and older messages are not emitted again', async () => {
  await sandbox.close();
  sandbox = await startSandbox({ stateFile: path.join(folder, 'state.json') });
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('ready');
  expect(library.count('qr')).toBe(0);
  expect(library.count('message')).toBe(0);
  expect(sandbox.phone(number).status).toMatchObject({ linked: true, connected: true, pageLoads: 1 });
  const bodies = await library.client.pupPage?.evaluate(
    `window.require('WAWebCollections').Msg.getModelsArray().map((message) => [message.body, message.isNewMsg])`,
  );
  expect(bodies).toEqual([
    ['!ping', false],
    ['pong', false],
  ]);
});

test('what arrives while the device is offline is taken silently, and its sender sees it delivered', async () => {
  const phone = sandbox.phone(number);
  const { id } = await phone.receiveText({ from: '15551234567', body: 'are you there?' });
  expect(phone.received.at(-1)?.ack).toBe(1);
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('ready');
  await phone.waitForAck(id, 2);
  await phone.receiveText({ from: '15551234567', body: 'hello?' });
  const [message] = (await library.next('message')) as [{ body: string }];
  expect(message.body).toBe('hello?');
  await expect.poll(() => phone.status.undelivered).toBe(0);
});

test('a profile that has lost one half of its link is not linked', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('ready');
  await sandbox.phone(number).damageProfile('localStorage');
  sandbox.phone(number).reloadPage();
  await library.next('qr');
  expect(await library.client.getState()).toBe('UNPAIRED');
});

test('a pairing code links, a wrong one does not', async () => {
  library = startPlainLibrary(sandbox, profile.folder, {
    pairWithPhoneNumber: { phoneNumber: number, showNotification: true, intervalMs: 180_000 },
  });
  const [code] = await library.next('code');
  expect(code).toMatch(/^[A-Z0-9]{8}$/);
  const phone = sandbox.phone(number);
  await expect(phone.enterPairingCode('WRONG123')).rejects.toThrow('wrong');
  await phone.enterPairingCode(String(code));
  await library.next('ready');
});

test('unlinking on the phone ends in disconnected: LOGOUT and a new QR code', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('ready');
  sandbox.phone(number).unlink();
  expect(await library.next('disconnected')).toEqual(['LOGOUT']);
  await library.next('qr');
  expect(library.client.pupPage?.url()).toBe('https://web.whatsapp.com/?post_logout=1');

  await sandbox.phone(number).scanQr();
  await library.next('ready');
});

test('a device that was unlinked while offline is refused and starts anew', async () => {
  sandbox.phone(number).unlink();
  library = startPlainLibrary(sandbox, profile.folder);
  await library.initialized.catch(() => undefined);
  await waitForSocketState(library.client, 'UNPAIRED');
  expect(library.client.pupPage?.url()).toContain('post_logout=1');
});

test('a logout of the library unlinks the device at the phone', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('qr');
  await sandbox.phone(number).scanQr();
  await library.next('ready');
  await library.client.logout();
  await sandbox.phone(number).waitFor('unlinked');
  // The browser may have been closed before the page had forgotten the login.
  await library.stop();
  library = undefined;
  await profile.remove();
  profile = await createProfile();
});

test('a phone that refuses does not link', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  const [qr] = await library.next('qr');
  sandbox.phone(number).refuse();
  await expect(sandbox.phone(number).scanQr(String(qr))).rejects.toThrow('refused');
  expect(sandbox.phone(number).status.linked).toBe(false);
});

test('a link that WhatsApp refuses after the scan: the page pairs for a moment, then shows fresh QR codes', async () => {
  const phone = sandbox.phone(number);
  library = startPlainLibrary(sandbox, profile.folder);
  const evaluate = (expression: string): Promise<unknown> | undefined => library?.client.pupPage?.evaluate(expression);
  let [qr] = await library.next('qr');
  await evaluate(
    `window.require('WAWebSocketModel').Socket.on('change:state', (_, state) => (window.states ??= []).push(state))`,
  );
  for (const round of ['first', 'second']) {
    phone.refuse({ afterScan: true });
    await expect(phone.scanQr(String(qr)), round).rejects.toThrow('WhatsApp refused to link this device');
    [qr] = await library.next('qr');
    expect(await evaluate('window.states.splice(0)')).toEqual(['PAIRING', 'UNPAIRED']);
  }
  expect(phone.status.linked).toBe(false);
  await phone.scanQr(String(qr));
  await library.next('ready');
});
