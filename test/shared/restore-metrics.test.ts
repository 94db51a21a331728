import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { maxTextBytes } from '../../shared/bounded-text.js';
import { appendAttempt, maxStoredAttempts, readAttempts } from '../../shared/restore-metrics.js';
import { attempt as restore } from '../support/attempt.js';

const now = new Date('2026-11-22T16:00:00.000Z');
const attempt = restore({
  rung: 'cold',
  durationMs: 812.5,
  phases: { browser: 12, page: 300 },
  messagesCaughtUp: 2,
  waVersion: '2.3000.1',
});
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-restore-metrics-'));
  path = join(folder, 'restore-metrics.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a missing file is no attempts, not a repair', async () => {
  expect(await readAttempts(path)).toEqual({ attempts: [], repaired: undefined });
});

test('an attempt is kept with its time', async () => {
  await appendAttempt(path, attempt, now);
  const stored = [{ timestamp: '2026-11-22T16:00:00.000Z', ...attempt }];
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(stored);
  expect(await readAttempts(path)).toEqual({ attempts: stored, repaired: undefined });
});

test('texts of an attempt are kept with the bound that all texts have', async () => {
  await appendAttempt(path, { ...attempt, waVersion: 'x'.repeat(3_000_000) });
  const { attempts } = await readAttempts(path);
  expect(Buffer.byteLength(attempts[0]?.waVersion ?? '')).toBe(maxTextBytes);
});

test('the newest 200 attempts are kept', async () => {
  const timestamp = now.toISOString();
  const full = Array.from({ length: maxStoredAttempts }, (_, index) => ({ timestamp, ...attempt, durationMs: index }));
  await writeFile(path, JSON.stringify(full));
  await appendAttempt(path, { ...attempt, durationMs: 1_000 });
  const { attempts } = await readAttempts(path);
  expect(attempts).toHaveLength(200);
  expect(attempts[0]?.durationMs).toBe(1);
  expect(attempts.at(-1)?.durationMs).toBe(1_000);
});

test('of a file with damaged attempts the sound ones stay, and the file is set aside', async () => {
  const sound = { timestamp: now.toISOString(), ...attempt };
  await writeFile(path, JSON.stringify([{ ...sound, rung: 'glowing' }, sound, { ...sound, durationMs: -1 }, 7]));
  expect(await readAttempts(path, now)).toEqual({ attempts: [sound], repaired: '3 of 4 entries unreadable' });
  expect(await readAttempts(path, now)).toEqual({ attempts: [sound], repaired: undefined });
  expect(await readdir(folder)).toContain('restore-metrics.json.damaged-20261122T160000000Z');
});

test('an attempt that a later version wrote with more in it is still one', async () => {
  await writeFile(path, JSON.stringify([{ timestamp: now.toISOString(), ...attempt, unheardOf: 1 }]));
  expect(await readAttempts(path)).toEqual({
    attempts: [{ timestamp: now.toISOString(), ...attempt }],
    repaired: undefined,
  });
});

test('attempts that are added at once are all there, in the order of their calls', async () => {
  const durations = Array.from({ length: 20 }, (_, index) => index);
  await Promise.all(durations.map((durationMs) => appendAttempt(path, { ...attempt, durationMs })));
  expect((await readAttempts(path)).attempts.map(({ durationMs }) => durationMs)).toEqual(durations);
});

test('an attempt that makes no sense is refused and leaves the file alone', async () => {
  await appendAttempt(path, attempt);
  await expect(appendAttempt(path, { ...attempt, attempt: 0 })).rejects.toThrow();
  expect((await readAttempts(path)).attempts).toHaveLength(1);
});
