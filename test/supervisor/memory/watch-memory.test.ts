import { type ChildProcess, spawn } from 'node:child_process';

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import type { Configuration } from '../../../shared/configuration/compile-configuration.js';
import { type ImpairmentKind, impairmentKinds } from '../../../shared/protocol/messages.js';
import type { RecycleRequest } from '../../../supervisor/memory/memory-watch.js';
import { type AccountMemoryWatch, watchMemory, type WatchedAccount } from '../../../supervisor/memory/watch-memory.js';
import { until } from '../../support/until.js';

type Machine = ReturnType<WatchedAccount['machine']>;

/** Longer than any test. */
const never = 3_600_000;
const longAgo = new Date(0).toISOString();
const listening: Machine = { state: 'listening', impairment: null };
const degradedBy = (kind: ImpairmentKind): Machine => ({
  state: 'degraded',
  impairment: { kind, reason: 'a reason', userAction: null },
});

/** Stands for the browser and for the worker: larger than any limit of these tests. */
let child: ChildProcess;
let machine: Machine;
/** How often it was asked for. */
let looks: number;
let lastMessageAt: string | null;
let requests: RecycleRequest[];
let watch: AccountMemoryWatch | undefined;
const log = pino({ level: 'silent' });

beforeAll(() => {
  child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { detached: true, stdio: 'ignore' });
});
beforeEach(() => {
  [machine, looks, lastMessageAt, requests] = [listening, 0, null, []];
});
afterEach(() => {
  watch?.close();
  vi.restoreAllMocks();
});
afterAll(() => void child.kill('SIGKILL'));

const limits = { memoryIntervalMs: 1, memorySoftLimitMb: 1, memoryHardLimitMb: 0, quietMs: 60_000, recycleAfterMs: 0 };

function begin(settings: Partial<typeof limits> = {}, more: Partial<WatchedAccount> = {}): void {
  watch = watchMemory({
    configuration: () => ({ ...limits, ...settings }) as unknown as Configuration,
    processes: { browserPid: child.pid, workerPid: child.pid },
    machine: () => {
      looks += 1;
      return machine;
    },
    view: () => ({ since: longAgo, lastMessageAt }),
    recycle: (request) => {
      requests.push(request);
      return true;
    },
    log,
    ...more,
  });
  watch.begin();
}

/** Resolves when something was asked to be replaced, or after so many more questions whether it may be. */
async function asked(count: number): Promise<void> {
  const enough = looks + count;
  await until(() => requests.length > 0 || looks >= enough || undefined, { expectation: () => `${count} looks` });
}

it.each([
  ['listens', listening],
  ['is only behind with its messages', degradedBy('backlog')],
])('a session that %s is replaced for its memory at a quiet moment', async (_, working) => {
  machine = working;
  begin();
  await until(() => requests[0], { expectation: () => 'a request' });
  expect(requests[0]).toMatchObject({ because: 'soft-limit' });
});

it.each<[string, Machine]>([
  ['comes up', { state: 'restoring', impairment: null }],
  ...impairmentKinds
    .filter((kind) => kind !== 'backlog')
    .map((kind): [string, Machine] => [`is impaired by its ${kind}`, degradedBy(kind)]),
])('a session that %s isn’t, until it works again', async (_, impaired) => {
  machine = impaired;
  begin();
  await asked(6);
  expect(requests).toEqual([]);
  machine = listening;
  await until(() => requests[0], { expectation: () => 'a request' });
});

it('nor is one that has just had a message', async () => {
  lastMessageAt = new Date().toISOString();
  begin();
  await asked(6);
  expect(requests).toEqual([]);
});

it('a worker that grows is measured at once, however seldom its account is', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.9);
  begin({ memoryIntervalMs: never, memorySoftLimitMb: 0, memoryHardLimitMb: 20 });
  expect(await until(() => watch?.bytes ?? undefined, { expectation: () => 'a measurement' })).toBeGreaterThan(2e6);
});

it('a measurement that fails is told of', async () => {
  const warned = new Promise<string>((resolve) => {
    vi.spyOn(log, 'warn').mockImplementation((sentence: unknown) => resolve(String(sentence)));
  });
  begin({}, { view: () => JSON.parse('no view') as ReturnType<WatchedAccount['view']> });
  expect(await warned).toMatch(/^The account's memory could not be measured: .*no view/);
});

it('nothing goes on once it is closed', () => {
  vi.useFakeTimers();
  try {
    begin();
    watch?.close();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
