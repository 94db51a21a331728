import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HistoryKeeper } from '../../shared/history-keeper.js';
import {
  appendSessionHistory,
  maxHistoryBytes,
  maxHistoryEntries,
  readSessionHistory,
} from '../../shared/session-history.js';

const now = new Date('2026-11-22T16:00:00.000Z');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-session-history-'));
  path = join(folder, 'session-history.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a missing file is an empty history, not a repair', async () => {
  expect(await readSessionHistory(path)).toEqual({ entries: [], repaired: undefined });
});

test('an entry is kept with its time, and with details that nobody here knows', async () => {
  await appendSessionHistory(path, { eventType: 'restore_complete', duration: 81.5, attempt: 1, rung: 'hot' }, now);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual([
    { timestamp: '2026-11-22T16:00:00.000Z', eventType: 'restore_complete', duration: 81.5, attempt: 1, rung: 'hot' },
  ]);
});

test('entries that are added at once are all there, in the order of their calls', async () => {
  const eventTypes = Array.from({ length: 20 }, (_, index) => `event_${index}`);
  await Promise.all(eventTypes.map((eventType) => appendSessionHistory(path, { eventType })));
  const { entries } = await readSessionHistory(path);
  expect(entries.map(({ eventType }) => eventType)).toEqual(eventTypes);
});

test('the newest 500 entries are kept', async () => {
  const timestamp = now.toISOString();
  const full = Array.from({ length: maxHistoryEntries }, (_, index) => ({ timestamp, eventType: `old_${index}` }));
  await writeFile(path, JSON.stringify(full));
  await appendSessionHistory(path, { eventType: 'new' });
  const { entries } = await readSessionHistory(path);
  expect(entries).toHaveLength(500);
  expect(entries[0]?.eventType).toBe('old_1');
  expect(entries.at(-1)?.eventType).toBe('new');
});

test('a cut-off file is set aside, and the history begins anew', async () => {
  await writeFile(path, '[{"timestamp": "2026-');
  await appendSessionHistory(path, { eventType: 'device_linked' }, now);
  expect((await readSessionHistory(path)).entries.map(({ eventType }) => eventType)).toEqual(['device_linked']);
  expect((await readdir(folder)).sort()).toEqual([
    'session-history.json',
    'session-history.json.damaged-20261122T160000000Z',
  ]);
});

test('of a file with damaged entries the sound ones stay', async () => {
  const sound = { timestamp: now.toISOString(), eventType: 'device_linked' };
  await writeFile(path, JSON.stringify([sound, { eventType: 'without a time' }, null]));
  expect(await readSessionHistory(path, now)).toEqual({ entries: [sound], repaired: '2 of 3 entries unreadable' });
  expect(await readSessionHistory(path, now)).toEqual({ entries: [sound], repaired: undefined });
});

test('an entry that makes no sense is refused and leaves the file alone', async () => {
  await appendSessionHistory(path, { eventType: 'device_linked' });
  await expect(appendSessionHistory(path, { eventType: '', duration: -1 })).rejects.toThrow();
  expect((await readSessionHistory(path)).entries).toHaveLength(1);
});

test('a reason of any length is cut, and the file stays small however many there are', async () => {
  const onNews = vi.fn();
  const history = new HistoryKeeper(path, { onTrouble: onNews, onNews });
  const reason = 'z'.repeat(3_000_000);
  for (let count = 0; count < 70; count += 1) await history.note({ eventType: 'alert', count, reason });
  expect((await stat(path)).size).toBeLessThan(1.2 * maxHistoryBytes);
  const entries = await history.read();
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.at(-1)).toMatchObject({
    count: 69,
    reason: expect.stringMatching(/^z+… \(\d+ more bytes\)$/) as string,
  });
  // What made room isn't missed.
  await history.verify();
  expect(onNews).not.toHaveBeenCalled();
  history.close();
});

test('a file that an earlier version has let grow shrinks with the next entry', async () => {
  const long = { timestamp: now.toISOString(), eventType: 'alert', reason: 'z'.repeat(1_000_000) };
  await writeFile(path, JSON.stringify(Array.from({ length: 20 }, () => long)));
  await appendSessionHistory(path, { eventType: 'new' });
  expect((await stat(path)).size).toBeLessThan(maxHistoryBytes);
  expect((await readSessionHistory(path)).entries).toHaveLength(21);
});
