import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import { updateDeviceStatus } from '../../shared/device-status.js';
import { HistoryKeeper } from '../../shared/history-keeper.js';
import { appendSessionHistory, maxHistoryEntries, readSessionHistory } from '../../shared/session-history.js';
import { StatusKeeper } from '../../shared/status-keeper.js';
import { until } from '../support/until.js';

const number = '12025550100';
const linkedAt = '2026-11-22T16:00:00.000Z';
/** What a session that listens has written. */
const known = { deviceLinked: true, isActive: true, linkedAt, restoreCount: 7, state: 'listening' } as const;
let folder: string;
let directory: string;
let path: string;
let alerts: Alert[];
let recoveries: string[];
let keeper: StatusKeeper;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-status-keeper-'));
  directory = join(folder, 'session');
  path = join(directory, 'device-status.json');
  alerts = [];
  recoveries = [];
  keeper = new StatusKeeper(path, number, options());
});
afterEach(async () => {
  keeper.close();
  await keeper.settled();
  await rm(folder, { recursive: true, force: true });
});

function options() {
  return {
    onTrouble: (alert: Alert) => alerts.push(alert),
    onNews: (sentence: string) => recoveries.push(sentence),
    retryMs: 20,
  };
}

const onDisk = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

test('a new account has no file, and that is no trouble', async () => {
  expect(keeper.latest).toBeUndefined();
  expect(await keeper.read()).toMatchObject({ number, deviceLinked: false });
  await keeper.verify();
  await expect(readdir(directory)).rejects.toThrow('ENOENT');
  expect(alerts).toEqual([]);
});

/** What may happen to a file behind a process's back. */
const mishaps: [string, string, () => Promise<unknown>][] = [
  ['deleted', 'it was missing', () => rm(path)],
  ['deleted with its folder', 'it was missing', () => rm(directory, { recursive: true })],
  ['emptied', 'it was damaged (empty)', () => writeFile(path, '')],
  ['cut off', 'it was damaged (not JSON, probably cut off)', () => writeFile(path, '{"number": "1202')],
  ['filled with garbage', 'it was damaged (not JSON, probably cut off)', () => writeFile(path, '\0\u0001\u0002')],
  [
    'another account’s',
    'it was damaged (it belongs to another account)',
    () => writeFile(path, '{"number": "12025550111", "deviceLinked": false}'),
  ],
  [
    'robbed of most fields',
    'it was damaged (wrong or missing',
    () => writeFile(path, JSON.stringify({ number, deviceLinked: false, restoreCount: 0 })),
  ],
  [
    'a folder',
    'it was damaged (a folder is in its place)',
    () => rm(path).then(() => mkdir(join(path, 'inside'), { recursive: true })),
  ],
];

describe.each(mishaps)('a file that was %s', (_name, reason, befall) => {
  beforeEach(async () => {
    await keeper.update(known);
    await befall();
  });

  test('is rebuilt from memory by the next change, and told once', async () => {
    await keeper.update({ workerPid: 12 });
    expect(await onDisk()).toMatchObject({ number, ...known, workerPid: 12 });
    expectRepair();
  });

  test('is rebuilt by the next look after it', async () => {
    await keeper.verify();
    expect(await onDisk()).toMatchObject({ number, ...known });
    expectRepair();
    await keeper.verify();
    expect(alerts).toHaveLength(1);
  });

  test('is read as it was', async () => {
    expect(await keeper.read()).toMatchObject({ number, ...known });
    expectRepair();
  });

  function expectRepair(): void {
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'records-repaired', action: null });
    expect(alerts[0]?.sentence).toContain(`device-status.json was rebuilt from memory: ${reason}`);
  }
});

test('a file that is damaged again as soon as it is mended is told again', async () => {
  await keeper.update(known);
  for (const times of [1, 2, 3]) {
    await writeFile(path, '{{{');
    expect(await keeper.read()).toMatchObject(known);
    expect(await onDisk()).toMatchObject(known);
    expect(alerts).toHaveLength(times);
  }
});

test('a file that is rebuilt holds what another process wrote before it was lost, if that was seen', async () => {
  await keeper.update({ workerPid: 1 });
  await updateDeviceStatus(path, number, known);
  await keeper.verify();
  await rm(path);
  await keeper.update({ workerPid: 2 });
  expect(await onDisk()).toMatchObject({ ...known, workerPid: 2 });
});

test('what another process writes is left alone', async () => {
  await keeper.update(known);
  await updateDeviceStatus(path, number, { reason: 'theirs', restoreCount: 8 });
  await keeper.update({ workerPid: 2 });
  await keeper.verify({ isActive: true });
  expect(await onDisk()).toMatchObject({ reason: 'theirs', restoreCount: 8, workerPid: 2 });
  expect(alerts).toEqual([]);
});

test('a file that contradicts what is true is corrected, and told', async () => {
  await keeper.update(known);
  await updateDeviceStatus(path, number, { isActive: false, deviceLinked: false, restoreCount: 8 });
  await keeper.verify({ isActive: true, deviceLinked: true });
  expect(await onDisk()).toMatchObject({ ...known, restoreCount: 8 });
  expect(alerts.map(({ sentence }) => sentence)).toEqual([
    'device-status.json was corrected: what it said was not true.',
  ]);
});

test('a change that comes while the file is looked at has the last word', async () => {
  await keeper.update(known);
  const verified = keeper.verify({ isActive: true });
  await keeper.update({ isActive: false, state: 'degraded' });
  await verified;
  await keeper.settled();
  expect(await onDisk()).toMatchObject({ isActive: false, state: 'degraded' });
});

test('a change that makes no sense is refused and costs nothing else', async () => {
  await keeper.update(known);
  await expect(keeper.update({ restoreCount: -1 })).rejects.toThrow();
  await keeper.update({ workerPid: 3 });
  expect(await onDisk()).toMatchObject({ ...known, workerPid: 3 });
});

describe('a disk that refuses', () => {
  test('is told once, served from memory, and written to when it can be, in the order of the changes', async () => {
    await keeper.update(known);
    await refuse();
    await keeper.update({ restoreCount: 8, workerPid: 4 });
    await keeper.update({ workerPid: 5 });
    expect(await keeper.read()).toMatchObject({ ...known, restoreCount: 8, workerPid: 5 });
    await keeper.verify({ isActive: true });
    expect(alerts.filter(({ kind }) => kind === 'records-unwritable')).toHaveLength(1);
    expect(alerts[0]?.sentence).toContain('is kept in memory');
    expect(alerts[0]?.action).toMatch(/\S/);

    await relent();
    await until(() => recoveries[0], { expectation: () => 'the disk to be written to again' });
    expect(await onDisk()).toMatchObject({ ...known, restoreCount: 8, workerPid: 5 });
    expect(recoveries).toEqual(['device-status.json can be written again; what was kept is in it.']);
  });

  test('a second time is told a second time', async () => {
    for (const round of [1, 2]) {
      await refuse();
      await keeper.update({ restoreCount: round });
      await relent();
      await until(() => recoveries[round - 1], { expectation: () => 'the disk to be written to again' });
    }
    expect(alerts.filter(({ kind }) => kind === 'records-unwritable')).toHaveLength(2);
  });

  test('delays entries of the history, which then come with their own times and in their order', async () => {
    let hour = 0;
    const historyPath = join(directory, 'session-history.json');
    const now = (): Date => new Date(Date.UTC(2026, 10, 22, hour));
    const history = new HistoryKeeper(historyPath, { ...options(), now });
    await history.note({ eventType: 'before' });
    await refuse();
    for (const eventType of ['first', 'second', 'third']) {
      hour += 1;
      await history.note({ eventType });
    }
    hour = 9;
    await relent();
    await until(() => recoveries[0], { expectation: () => 'the disk to be written to again' });
    const { entries } = await readSessionHistory(historyPath);
    expect(entries.map(({ eventType }) => eventType)).toEqual(['before', 'first', 'second', 'third']);
    expect(entries.at(-1)?.timestamp).toBe('2026-11-22T03:00:00.000Z');
    history.close();
  });

  /** A file where the folder should be: also root can't write there. */
  async function refuse(): Promise<void> {
    await rm(directory, { recursive: true, force: true });
    await writeFile(directory, '');
  }

  async function relent(): Promise<void> {
    await rm(directory);
  }
});

test.each(mishaps.filter(([name]) => !name.startsWith('another')))(
  'a history that was %s is rebuilt from memory',
  async (_name, _reason, befall) => {
    const history = new HistoryKeeper(path, options());
    await history.note({ eventType: 'device_linked' });
    await befall();
    await history.verify();
    await history.note({ eventType: 'restore_complete' });
    const { entries } = await readSessionHistory(path);
    expect(entries.map(({ eventType }) => eventType)).toEqual(['device_linked', 'restore_complete']);
    expect(alerts.map(({ kind }) => kind)).toEqual(['records-repaired']);
    history.close();
  },
);

describe('a history that another process made anew without knowing all of it', () => {
  let now: Date;
  let history: HistoryKeeper;

  beforeEach(async () => {
    now = new Date('2026-11-22T10:00:00.000Z');
    history = new HistoryKeeper(path, { ...options(), now: () => now });
    await history.note({ eventType: 'device_linked' });
    await rm(path);
    now = new Date('2026-11-22T11:00:00.000Z');
    await appendSessionHistory(path, { eventType: 'restore_authenticated' }, now);
  });
  afterEach(() => history.close());

  test('is completed by the next look, in the order of the times, and told once', async () => {
    await history.verify();
    await history.verify();
    expect(await eventTypes()).toEqual(['device_linked', 'restore_authenticated']);
    // Who has made it anew has alerted people.
    expect(alerts).toEqual([]);
    expect(recoveries).toEqual(['device-status.json lacked something that is remembered; it is added.']);
  });

  test('is completed by the next entry', async () => {
    now = new Date('2026-11-22T12:00:00.000Z');
    await history.note({ eventType: 'restore_complete' });
    expect(await eventTypes()).toEqual(['device_linked', 'restore_authenticated', 'restore_complete']);
    expect(recoveries).toHaveLength(1);
  });
});

test('what another process writes is learned without mending what it has yet to write', async () => {
  await keeper.update({ workerPid: 1 });
  await updateDeviceStatus(path, number, known);
  await keeper.learn();
  await rm(path);
  await keeper.learn();
  await expect(onDisk()).rejects.toThrow('ENOENT');
  await writeFile(path, '{"number"');
  await keeper.learn();
  expect(await readFile(path, 'utf8')).toBe('{"number"');
  expect(alerts).toEqual([]);
  await keeper.verify();
  expect(await onDisk()).toMatchObject({ ...known, workerPid: 1 });
});

test('a full history has lost nothing but its oldest entries', async () => {
  const history = new HistoryKeeper(path, options());
  await history.note({ eventType: 'oldest' });
  for (let count = 0; count < maxHistoryEntries; count += 1) await appendSessionHistory(path, { eventType: 'later' });
  await history.verify();
  await history.note({ eventType: 'newest' });
  expect(new Set(await eventTypes())).toEqual(new Set(['later', 'newest']));
  expect(alerts).toEqual([]);
  history.close();
});

async function eventTypes(): Promise<string[]> {
  return (await readSessionHistory(path)).entries.map(({ eventType }) => eventType);
}
