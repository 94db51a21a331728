import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import type { DeviceStatus } from '../../shared/device-status.js';
import { StatusKeeper } from '../../shared/status-keeper.js';
import { StatusWitness } from '../../supervisor/status-witness.js';

/** What the watcher would tell; it keeps silent about what comes within 50 ms of a change that it told. */
let tellChange: () => void;

const number = '12025550100';
const known = { state: 'listening', workerPid: 10, browserPid: 20 } as const;
const listening = { ...known, deviceLinked: true, isActive: true } as const;
const stepMs = 10;
let folder: string;
let path: string;
let keeper: StatusKeeper;
let witness: StatusWitness;
let alerts: Alert[];
let looks: Promise<unknown>[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-status-witness-'));
  path = join(folder, 'device-status.json');
  keeper = new StatusKeeper(path, number, { onTrouble: (alert) => alerts.push(alert), onNews: () => undefined });
  alerts = [];
  looks = [];
  await keeper.update(listening);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  witness = new StatusWitness({
    path,
    number,
    keeper,
    log: { debug: () => undefined, warn: () => undefined },
    // By the clock alone it would be seen after ten minutes.
    intervalMs: 600_000,
    known: () => ({ ...known, hasWriter: true }),
    raise: (alert) => alerts.push(alert),
    inTurn: (work) => looks.push(work()),
    watch: (_path, onChange) => {
      tellChange = onChange;
      return Promise.resolve(() => Promise.resolve());
    },
  });
  witness.open();
});
afterEach(async () => {
  await witness.close();
  vi.useRealTimers();
  keeper.close();
  await rm(folder, { recursive: true, force: true });
});

/** Another program writes; whether the watcher tells it is another matter. */
async function say(change: Partial<DeviceStatus>): Promise<void> {
  const status = JSON.parse(await readFile(path, 'utf8')) as DeviceStatus;
  await writeFile(`${path}.lie`, JSON.stringify({ ...status, ...change }));
  await rename(`${path}.lie`, path);
}

/** A look reads the real disk, which takes none of this time. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += stepMs) {
    await vi.advanceTimersByTimeAsync(stepMs);
    await Promise.all(looks);
  }
}

test('what changes before the watch is in place is seen soon, though nobody tells it', async () => {
  await say({ isActive: false });
  await pass(2_900);
  expect(looks).toHaveLength(0);
  // The first look, the grace of the worker, and the look after that.
  await pass(7_000);
  expect(await keeper.read()).toMatchObject(listening);
  expect(alerts.map(({ kind }) => kind)).toEqual(['records-contradicting']);
});

test('what changes right after a change that came while a look was due is seen, though no watcher tells it', async () => {
  // The first look, which nobody asks for, is over.
  await pass(3_100);
  looks.length = 0;
  tellChange();
  await pass(70);
  tellChange();
  await pass(30);
  expect(looks).toHaveLength(1);
  await say({ isActive: false });
  await pass(7_000);
  expect(await keeper.read()).toMatchObject(listening);
  expect(alerts.map(({ kind }) => kind)).toEqual(['records-contradicting']);
});

test('a change costs one look, and two in a row cost two', async () => {
  await pass(3_100);
  looks.length = 0;
  tellChange();
  await pass(1_000);
  expect(looks).toHaveLength(1);
  tellChange();
  tellChange();
  tellChange();
  await pass(1_000);
  expect(looks).toHaveLength(3);
});
