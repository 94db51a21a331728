import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { optionKeys, options } from '../../shared/configuration/options.js';
import { WasupError } from '../../shared/errors.js';
import { execute } from '../../supervisor/commands.js';

let printed: string;
let folder: string;

beforeEach(async () => {
  printed = '';
  folder = await mkdtemp(join(tmpdir(), 'wasup-commands-'));
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
  await rm(folder, { recursive: true });
});

it('explains itself', async () => {
  expect(await execute(['--help'])).toBe(0);
  for (const command of ['run', 'start', 'dev', 'sandbox'])
    expect(printed).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
});

it('explains every option of a run, with its environment name', async () => {
  expect(await execute(['run', '--help'])).toBe(0);
  const unwrapped = printed.replaceAll(/\s+/g, ' ');
  for (const key of optionKeys) {
    expect(unwrapped).toContain(`${options[key].flag} <value>`);
    expect(unwrapped).toContain(options[key].environmentName);
  }
});

it.each([
  ['a command that doesn’t exist', ['frobnicate']],
  ['an option that doesn’t exist', ['--frobnicate']],
  ['an option without its value', ['run', '--accounts']],
  ['a word too many', ['run', 'everything']],
])('says what is wrong with %s, and ends with the code for usage', async (_name, words) => {
  expect(await execute(words)).toBe(64);
  expect(printed).toMatch(/^error: /m);
});

it('refuses to run without an account, and says what to do', async () => {
  const error = await executionError([]);
  expect(error.exitCode).toBe(78);
  expect(error.message).toBe('No account is configured.');
  expect(error.remedy).toContain('WASUP_ACCOUNTS');
});

it('refuses a number with letters, wherever it comes from', async () => {
  for (const words of [
    ['--accounts', '1202555abcd'],
    ['run', '--accounts=1202555abcd'],
  ]) {
    expect(await executionError(words)).toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('1202555abcd') as string,
    });
  }
  vi.stubEnv('WASUP_ACCOUNTS', '1202555abcd');
  expect(await executionError([])).toMatchObject({
    exitCode: 78,
    message: expect.stringContaining('1202555abcd') as string,
  });
});

it('refuses a setting that nobody knows', async () => {
  vi.stubEnv('WASUP_ACOUNTS', '12025550100');
  expect(await executionError([])).toMatchObject({
    exitCode: 78,
    message: expect.stringContaining('WASUP_ACOUNTS') as string,
  });
});

it('refuses a sessions folder that can’t be written', async () => {
  // Root may write anywhere but below a file.
  const sessions = join(folder, 'file', 'sessions');
  await writeFile(join(folder, 'file'), '');
  const error = await executionError(['--accounts', '12025550100', '--sessions-dir', sessions]);
  expect(error.exitCode).toBe(78);
  expect(error.message).toContain(sessions);
  expect(error.remedy).toContain('WASUP_SESSIONS_DIR');
});

async function executionError(words: string[]): Promise<WasupError> {
  const outcome = await execute(words).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(WasupError);
  return outcome as WasupError;
}
