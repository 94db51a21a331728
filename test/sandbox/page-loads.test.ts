import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary, waitForSocketState } from './plain-library.js';

let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let library: PlainLibrary | undefined;

beforeAll(async () => {
  profile = await createProfile();
  sandbox = await startSandbox({ qr: { firstRefMs: 500, laterRefMs: 250, refs: 3 } });
});

afterEach(async () => {
  sandbox.pageLoads({ refuse: false, stall: false, stallScript: false, blank: false });
  await library?.stop();
  library = undefined;
});

afterAll(async () => {
  await sandbox.close();
  await profile.remove();
});

test('a refused page load fails the initialization', async () => {
  sandbox.pageLoads({ refuse: 1 });
  library = startPlainLibrary(sandbox, profile.folder);
  await expect(library.initialized).rejects.toThrow('net::ERR_CONNECTION_REFUSED');
});

test('a stalled page load hangs until it is let through', async () => {
  const loads = sandbox.counters.pageLoads;
  sandbox.pageLoads({ stall: true });
  library = startPlainLibrary(sandbox, profile.folder);
  await expect.poll(() => sandbox.counters.pageLoads, { timeout: 10_000 }).toBeGreaterThan(loads);
  expect(library.count('qr')).toBe(0);
  sandbox.pageLoads({ stall: false });
  await library.next('qr');
});

test('a page whose script is stalled is there, and is not finished before it is let through', async () => {
  const { scriptLoads } = sandbox.counters;
  sandbox.pageLoads({ stallScript: true });
  library = startPlainLibrary(sandbox, profile.folder);
  const { client } = library;
  await expect.poll(() => sandbox.counters.scriptLoads, { timeout: 10_000 }).toBeGreaterThan(scriptLoads);
  // The script is asked for before the document has taken the place of the blank one.
  const seen = (): unknown =>
    client.pupPage?.evaluate('[location.host, document.readyState, typeof window.Debug]').catch(String);
  await expect.poll(seen, { timeout: 10_000 }).toEqual(['web.whatsapp.com', 'loading', 'undefined']);
  sandbox.pageLoads({ stallScript: false });
  await library.next('qr');
});

test('a blank page has no WhatsApp in it, and the next load has', async () => {
  sandbox.pageLoads({ blank: 1 });
  library = startPlainLibrary(sandbox, profile.folder, { authTimeoutMs: 1500 });
  await library.initialized.then(
    () => expect.fail('It should not have been initialized.'),
    (error: unknown) => expect(error).toBe('auth timeout'),
  );
  expect(await library.client.pupPage?.evaluate('typeof window.Debug')).toBe('undefined');
  await library.client.pupPage?.reload();
  expect(await library.client.pupPage?.evaluate('typeof window.Debug')).toBe('object');
});

test('a limit on pairing codes is a rejection with 429', async () => {
  library = startPlainLibrary(sandbox, profile.folder);
  await library.next('qr');
  sandbox.phone('15550002000').limitPairingCodes();
  await expect(library.client.requestPairingCode('15550002000')).rejects.toThrow('rate-overlimit');
});

test('QR codes rotate, run out, and come anew when the page asks for them', async () => {
  const phone = sandbox.phone('15550002000');
  const served = sandbox.counters.qrRefsServed;
  library = startPlainLibrary(sandbox, profile.folder);
  const codes = [await library.next('qr'), await library.next('qr'), await library.next('qr')].map(String);
  expect(new Set(codes).size).toBe(3);
  await waitForSocketState(library.client, 'UNPAIRED_IDLE');
  expect(sandbox.counters.qrRefsServed - served).toBe(3);
  await expect(phone.scanQr(codes[2])).rejects.toThrow('expired');
  await library.client.pupPage?.evaluate(`window.require('WAWebCmd').Cmd.refreshQR()`);
  const [fresh] = await library.next('qr');
  await phone.scanQr(String(fresh));
  await library.next('ready');
});
