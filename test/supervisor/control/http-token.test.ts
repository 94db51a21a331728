import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Logger } from '../../../shared/logger.js';
import { httpTokenPath, keepHttpToken } from '../../../supervisor/control/http-token.js';

let folder: string;
let path: string;
let warnings: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-token-'));
  path = httpTokenPath(folder);
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const keep = (directory = folder): Promise<string> =>
  keepHttpToken(directory, { warn: (line: string) => warnings.push(line) } as unknown as Logger);

it('is made at the first start, for its owner alone, and is the same ever after', async () => {
  const token = await keep();
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect((await lstat(path)).mode & 0o777).toBe(0o600);
  expect(await keep()).toBe(token);
  expect(warnings).toEqual([]);
});

it('can be one that a person has written', async () => {
  await writeFile(path, 'my-own-token-of-2026\n', { mode: 0o600 });
  expect(await keep()).toBe('my-own-token-of-2026');
});

it.each<[string, () => Promise<void>]>([
  ['was empty', () => writeFile(path, '\n', { mode: 0o600 })],
  ['was damaged', () => writeFile(path, 'two words and more of them', { mode: 0o600 })],
  ['was damaged', () => writeFile(path, 'short', { mode: 0o600 })],
  ['was no file', () => mkdir(path).then(() => undefined)],
  ['was no file', () => symlink('/etc/hostname', path)],
  ['could be read by other users', () => exposed()],
])('that %s is replaced, and that is said without telling it', async (problem, spoil) => {
  await spoil();
  const token = await keep();
  expect(warnings).toEqual([expect.stringContaining(problem)]);
  expect(warnings.join()).not.toContain(token);
  expect(await readFile(path, 'utf8')).toBe(`${token}\n`);
  const stats = await lstat(path);
  expect({ isFile: stats.isFile(), mode: stats.mode & 0o777 }).toEqual({ isFile: true, mode: 0o600 });
  expect(token).not.toBe('a-token-that-others-have-read');
});

it.runIf(process.getuid?.() === 0)('that belongs to another user is replaced', async () => {
  await writeFile(path, 'a-token-of-somebody-else', { mode: 0o600 });
  await chown(path, 1234, 1234);
  expect(await keep()).not.toBe('a-token-of-somebody-else');
  expect(warnings).toEqual([expect.stringContaining('belonged to another user')]);
  expect((await lstat(path)).uid).toBe(0);
});

it('that can’t be kept is good for now, and what to do is said', async () => {
  await writeFile(join(folder, 'file'), '');
  expect((await keep(join(folder, 'file', 'sessions'))).length).toBeGreaterThan(40);
  expect(warnings).toEqual([expect.stringContaining('WASUP_HTTP_TOKEN')]);
});

async function exposed(): Promise<void> {
  await writeFile(path, 'a-token-that-others-have-read');
  await chmod(path, 0o644);
}
