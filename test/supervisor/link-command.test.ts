import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { LinkAnswer, LinkMethod } from '../../shared/link-answer.js';
import type { Logger } from '../../shared/logger.js';
import { execute } from '../../supervisor/commands.js';
import { type ControlSocket, openControlSocket } from '../../supervisor/control/control-socket.js';

const number = '12025550100';
let folder: string;
let printed: string;
let asked: LinkMethod[];
let answer: LinkAnswer;
let socket: ControlSocket | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-link-'));
  printed = '';
  asked = [];
  answer = { accepted: true, sentence: 'A QR code follows.', action: null };
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
  await socket?.close();
  socket = undefined;
  await rm(folder, { recursive: true });
});

async function superviseFolder(): Promise<void> {
  const requestLink = (method: LinkMethod): Promise<LinkAnswer> => {
    asked.push(method);
    return Promise.resolve(answer);
  };
  const log = { warn: (line: string) => expect.unreachable(line) } as unknown as Logger;
  socket = await openControlSocket(folder, [{ number, requestLink }], log);
}

it('asks for a QR code, and prints what follows', async () => {
  await superviseFolder();
  expect(await execute(['link', number, '--sessions-dir', folder])).toBe(0);
  expect(asked).toEqual(['qr']);
  expect(printed).toBe('A QR code follows.\n');
});

it('asks for a pairing code when told to, in the folder that the environment names', async () => {
  await superviseFolder();
  vi.stubEnv('WASUP_SESSIONS_DIR', folder);
  expect(await execute(['link', number, '--code'])).toBe(0);
  expect(asked).toEqual(['code']);
});

it('ends with 1 when it is refused, and prints why and what to do', async () => {
  answer = { accepted: false, sentence: 'It is linked already.', action: 'Unlink it first.' };
  await superviseFolder();
  expect(await execute(['link', number, '--sessions-dir', folder])).toBe(1);
  expect(printed).toBe('It is linked already.\nUnlink it first.\n');
});

it('ends with 1 for an account that the supervisor doesn’t have, and prints which it has', async () => {
  await superviseFolder();
  expect(await execute(['link', '491701234567', '--sessions-dir', folder])).toBe(1);
  expect(printed).toContain(number);
});

it('ends with 69 when no supervisor runs there, and says how to start one', async () => {
  await expect(execute(['link', number, '--sessions-dir', folder])).rejects.toMatchObject({
    exitCode: 69,
    message: expect.stringContaining(folder) as string,
    remedy: expect.stringContaining('node supervisor') as string,
  });
});

it.each([
  ['no number', ['link']],
  ['a number with a plus', ['link', '+12025550100']],
  ['a word too many', ['link', number, 'please']],
  ['an option that doesn’t exist', ['link', number, '--letter']],
])('ends with 64 for %s, and says what is wrong', async (_name, words) => {
  expect(await execute(words)).toBe(64);
  expect(printed).toMatch(/^error: /m);
});
