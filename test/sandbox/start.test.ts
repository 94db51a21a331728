import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { InvalidInput, startSandbox } from '../../sandbox/index.js';

let folder: string;
const patience = { timeout: 10_000 };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sandbox-start-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('the browser arguments lead WhatsApp’s address to the sandbox and trust its certificate alone', async () => {
  const sandbox = await startSandbox();
  const [resolver, certificate] = sandbox.browserArguments;
  expect(resolver).toBe(`--host-resolver-rules=MAP web.whatsapp.com 127.0.0.1:${sandbox.port}`);
  expect(certificate).toMatch(/^--ignore-certificate-errors-spki-list=[\w+/]{43}=$/);
  await sandbox.close();
});

test('a wrong option is refused with its name and what it should be', async () => {
  await expect(startSandbox({ port: 70_000 })).rejects.toThrow(InvalidInput);
  await expect(startSandbox({ autoLink: { number: '+1555' } })).rejects.toThrow(
    'autoLink.number: a phone number is 5 to 15 digits',
  );
  await expect(startSandbox({ colour: 'red' } as never)).rejects.toThrow('colour');
});

test('a port that is taken is an error that says what to do', async () => {
  const first = await startSandbox();
  await expect(startSandbox({ port: first.port })).rejects.toThrow('Choose another port');
  const { port } = new URL(first.controlUrl);
  await expect(startSandbox({ controlPort: Number(port) })).rejects.toThrow('Choose another --control-port');
  await first.close();
});

test('the state file is private, and a damaged one is an error and left alone', async () => {
  const stateFile = path.join(folder, 'state.json');
  const sandbox = await startSandbox({ stateFile });
  sandbox.phone('15550001000').groups.create({ subject: 'Team', participants: ['15551234567'] });
  await sandbox.close();
  expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
  const again = await startSandbox({ stateFile });
  expect(again.phone('15550001000').groups.all).toMatchObject([{ subject: 'Team' }]);
  await again.close();

  await writeFile(stateFile, '{"accounts": [');
  await expect(startSandbox({ stateFile })).rejects.toThrow('Delete it or choose another');
  expect(await readFile(stateFile, 'utf8')).toBe('{"accounts": [');
});

test('a state file that could not be written once is written again, and the past failure is no reason to fail at the end', async () => {
  const place = path.join(folder, 'place');
  await mkdir(place);
  const stateFile = path.join(place, 'state.json');
  const numbers = async (): Promise<string[]> => {
    const { accounts } = JSON.parse(await readFile(stateFile, 'utf8')) as { accounts: { number: string }[] };
    return accounts.map(({ number }) => number);
  };
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const sandbox = await startSandbox({ stateFile });
  await rename(place, `${place}-away`);
  await writeFile(place, 'in the way');
  sandbox.phone('15550001000').seedHistory({ chats: 1, messages: 1 });
  await vi.waitFor(
    () => expect(complaints).toHaveBeenCalledWith(expect.stringContaining('state file not written')),
    patience,
  );
  complaints.mockRestore();

  await rm(place);
  await rename(`${place}-away`, place);
  sandbox.phone('15550002000').seedHistory({ chats: 1, messages: 1 });
  await vi.waitFor(async () => expect(await numbers()).toEqual(['15550001000', '15550002000']), patience);
  await sandbox.close();
});

test('closing the sandbox ends every wait', async () => {
  const sandbox = await startSandbox();
  const waiting = sandbox.phone('15550001000').waitForSent(() => true);
  await Promise.all([expect(waiting).rejects.toThrow('The sandbox was closed'), sandbox.close()]);
});

test('a wait says what it waited for', async () => {
  const sandbox = await startSandbox();
  const phone = sandbox.phone('15550001000');
  await expect(phone.waitFor('linked', { timeoutMs: 10 })).rejects.toThrow('Waited 10 ms for 15550001000 to be linked');
  await expect(phone.enterPairingCode(undefined, { timeoutMs: 10 })).rejects.toThrow('no page has asked for one');
  await expect(phone.scanQr('made-up')).rejects.toThrow('not shown by any page');
  await sandbox.close();
});

test('the README lists the modules that are served', async () => {
  const sandbox = await startSandbox();
  const readme = await readFile(new URL('../../sandbox/README.md', import.meta.url), 'utf8');
  const listed = [...readme.slice(readme.indexOf('## Modules')).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(listed).toEqual(sandbox.servedModules);
  await sandbox.close();
});
