import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Logger } from '../../shared/logger.js';
import { execute } from '../../supervisor/commands.js';
import { claimSessionsFolder, type ClaimedFolder } from '../../supervisor/control/claim-sessions-folder.js';
import { openControl, type OpenControl } from '../../supervisor/control/open-control.js';
import { FakeAccount, FakeSupervisor, number, refused } from './control/fake-supervisor.js';

let folder: string;
let printed: string;
let account: FakeAccount;
let supervisor: FakeSupervisor;
let claimed: ClaimedFolder | undefined;
let control: OpenControl | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-link-'));
  printed = '';
  account = new FakeAccount();
  supervisor = new FakeSupervisor(account);
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
  for (const name of Object.keys(process.env)) if (name.startsWith('WASUP_')) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await control?.close();
  await claimed?.close();
  control = undefined;
  claimed = undefined;
  await rm(folder, { recursive: true });
});

async function superviseFolder(): Promise<void> {
  const log = { info: () => undefined, warn: (line: string) => expect.unreachable(line) } as unknown as Logger;
  claimed = await claimSessionsFolder(folder, log);
  const http = { host: '127.0.0.1', port: 0, token: undefined };
  control = await openControl(supervisor, claimed, { http, sessionsDirectory: folder }, log);
}

it.each<[string, string[], unknown]>([
  ['a QR code', ['link', number], ['link', 'qr']],
  ['a pairing code', ['link', number, '--code'], ['link', 'code']],
  ['another worker', ['restart', number], ['restart', { freshBrowser: false }]],
  ['another browser', ['restart', number, '--browser'], ['restart', { freshBrowser: true }]],
  ['an end of the link', ['unlink', number, '--yes'], ['unlink']],
])('asks for %s, and prints what follows', async (_name, words, asked) => {
  await superviseFolder();
  expect(await execute([...words, '--sessions-dir', folder])).toBe(0);
  expect(account.asked).toEqual([asked]);
  expect(printed).toBe('It is being done.\n');
});

it('has the configuration read again, and prints what has changed', async () => {
  await superviseFolder();
  expect(await execute(['reload', '--sessions-dir', folder])).toBe(0);
  expect(supervisor.reloads).toBe(1);
  expect(printed).toBe('One account was added.\n');
});

it('looks into the folder that the environment names', async () => {
  await superviseFolder();
  vi.stubEnv('WASUP_SESSIONS_DIR', folder);
  expect(await execute(['restart', number])).toBe(0);
});

const requests = [
  ['link', number],
  ['restart', number],
  ['unlink', number, '--yes'],
];

it.each(requests)('%s ends with 1 when it is refused, and prints why and what to do', async (...words) => {
  account.answer = refused;
  await superviseFolder();
  expect(await execute([...words, '--sessions-dir', folder])).toBe(1);
  expect(printed).toBe('It is linked already.\nUnlink it first.\n');
});

it('reload ends with 1 when the configuration is wrong, and prints what', async () => {
  supervisor.reloadAnswer = { ...supervisor.reloadAnswer, accepted: false, sentence: 'WASUP_ACCOUNTS has letters.' };
  await superviseFolder();
  expect(await execute(['reload', '--sessions-dir', folder])).toBe(1);
  expect(printed).toContain('WASUP_ACCOUNTS has letters.');
});

it('ends with 1 for an account that the supervisor doesn’t have, and prints which it has', async () => {
  await superviseFolder();
  expect(await execute(['restart', '491701234567', '--sessions-dir', folder])).toBe(1);
  expect(printed).toContain(number);
});

it.each([...requests, ['reload']])(
  '%s ends with 69 when no supervisor runs there, and says how to start one',
  async (...words) => {
    await expect(execute([...words, '--sessions-dir', folder])).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining(folder) as string,
      remedy: expect.stringContaining('node supervisor') as string,
    });
  },
);

it('does not unlink without a word from a person', async () => {
  await superviseFolder();
  const words = ['unlink', number, '--sessions-dir', folder];
  const { isTTY } = process.stdin;
  try {
    process.stdin.isTTY = false;
    await expect(execute(words)).rejects.toMatchObject({
      exitCode: 64,
      remedy: expect.stringContaining('--yes') as string,
    });
  } finally {
    process.stdin.isTTY = isTTY;
  }
  expect(account.asked).toEqual([]);
});

it.each([
  ['no number', ['link']],
  ['a number with a plus', ['restart', '+12025550100']],
  ['a word too many', ['link', number, 'please']],
  ['a word too many', ['reload', number]],
  ['an option that doesn’t exist', ['unlink', number, '--really']],
])('ends with 64 for %s, and says what is wrong', async (_name, words) => {
  expect(await execute(words)).toBe(64);
  expect(printed).toMatch(/^error: /m);
});

it('says its version', async () => {
  expect(await execute(['--version'])).toBe(0);
  expect(printed).toMatch(/^\d+\.\d+\.\d+\n$/);
});
