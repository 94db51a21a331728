import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** Longer than any test: neither worker nor supervisor looks at the file by itself. */
const neverByTheClock = { WASUP_PROBE_INTERVAL_MS: '600000' };
/** What makes chokidar look only now and then, which is never in a test. */
const withoutWatcher = { CHOKIDAR_USEPOLLING: '1', CHOKIDAR_INTERVAL: '600000' };

let stage: Stage;
let before: ListeningStatus;

/** As another program would: a new file in the place of the old one. */
async function say(change: Partial<DeviceStatus>): Promise<void> {
  const status = JSON.parse(await readFile(stage.paths.deviceStatus, 'utf8')) as DeviceStatus;
  const path = join(stage.folder, 'lie.json');
  await writeFile(path, JSON.stringify({ ...status, ...change }));
  await rename(path, stage.paths.deviceStatus);
}

/** Reads without repairing anything. */
async function untilStatus(expected: Partial<DeviceStatus>): Promise<void> {
  await until(
    async () => {
      const text = await readFile(stage.paths.deviceStatus, 'utf8').catch(() => '');
      try {
        expect(JSON.parse(text)).toMatchObject(expected);
        return true;
      } catch {
        return undefined;
      }
    },
    { expectation: () => `the status to say ${JSON.stringify(expected)}` },
  );
}

async function untilAlerts(kind: string, count: number): Promise<void> {
  await until(
    async () => ((await stage.alerts()).filter((alert) => alert === kind).length >= count ? true : undefined),
    {
      expectation: () => `${count} times "${kind}" in the history`,
    },
  );
}

async function countAlerts(kind: string): Promise<number> {
  return (await stage.alerts()).filter((alert) => alert === kind).length;
}

const lies: readonly [string, Partial<DeviceStatus>][] = [
  ['denies that it listens', { isActive: false }],
  ['names another worker', { workerPid: 1 }],
];

const losses: readonly [string, (path: string) => Promise<unknown>][] = [
  ['deleted', (path) => rm(path)],
  ['truncated', async (path) => writeFile(path, (await readFile(path, 'utf8')).slice(0, 60))],
];

describe('while a session listens, and long before the next look by the clock, a status file', () => {
  beforeAll(async () => {
    ({ stage } = await Stage.openLinked({}, { environment: neverByTheClock }));
    before = await stage.waitUntilListening();
  });
  afterAll(() => stage.close());

  it.each(lies)('that %s is corrected and told', async (_what, lie) => {
    const alerts = await countAlerts('records-contradicting');
    await say(lie);
    await untilStatus({
      isActive: true,
      workerPid: before.workerPid,
      browserPid: before.browserPid,
      state: 'listening',
    });
    await untilAlerts('records-contradicting', alerts + 1);
  });

  it.each(losses)('that was %s is written anew and told', async (_what, lose) => {
    const alerts = await countAlerts('records-repaired');
    await lose(stage.paths.deviceStatus);
    await untilStatus({ isActive: true, workerPid: before.workerPid, deviceLinked: true, linkedAt: before.linkedAt });
    await untilAlerts('records-repaired', alerts + 1);
  });

  it('costs the session nothing, and each is told once', async () => {
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({
      workerPid: before.workerPid,
      browserPid: before.browserPid,
    });
    expect(await countAlerts('records-contradicting')).toBe(lies.length);
    expect(await countAlerts('records-repaired')).toBe(losses.length);
  });
});

describe('without a watcher, and with a worker that can’t look, a status file', () => {
  beforeAll(async () => {
    const environment = {
      ...withoutWatcher,
      WASUP_PROBE_INTERVAL_MS: '1000',
      WASUP_PROBE_TIMEOUT_MS: '1000',
      // A worker that is stopped is none of this test's business.
      WASUP_HEARTBEAT_TIMEOUT_MS: '600000',
      WASUP_BREAKER_WINDOW_MS: '86400000',
      WASUP_STOP_TIMEOUT_MS: '3000',
    };
    ({ stage } = await Stage.openLinked({}, { environment }));
    before = await stage.waitUntilListening();
    process.kill(before.workerPid, 'SIGSTOP');
  });
  afterAll(() => stage.close());

  it.each(lies)('that %s is corrected by the clock', async (_what, lie) => {
    await say(lie);
    await untilStatus({ isActive: true, workerPid: before.workerPid });
  });

  it.each(losses)('that was %s is written anew by the clock', async (_what, lose) => {
    await lose(stage.paths.deviceStatus);
    await untilStatus({ isActive: true, workerPid: before.workerPid });
  });
});

describe('while an account waits for its next attempt, a status file', () => {
  beforeAll(async () => {
    stage = await Stage.openAtRest();
    // It has come up so often within the hour that it has to wait.
    const tally = JSON.parse(await readFile(stage.paths.restartTally, 'utf8')) as object;
    await writeFile(stage.paths.restartTally, JSON.stringify({ ...tally, logins: Array(100).fill(Date.now()) }));
    stage.start({ environment: neverByTheClock });
    await untilStatus({ state: 'backoff' });
  });
  afterAll(() => stage.close());

  it('that says active is corrected and told', async () => {
    const { linkedAt } = await stage.status();
    await say({ isActive: true, workerPid: 999_999 });
    await untilStatus({ isActive: false, workerPid: null, deviceLinked: true, linkedAt });
    await untilAlerts('records-contradicting', 1);
  });

  it('that somebody writes again each time it was corrected is given up, which is told once', async () => {
    await until(
      async () => {
        const { isActive } = await stage.status();
        if (!isActive) await say({ isActive: true });
        return (await stage.history()).find((entry) => String(entry.reason).includes('again and again'));
      },
      { expectation: () => 'word of it' },
    );
    expect(await countAlerts('records-contradicting')).toBe(6);
  });
});

describe('at the start, a status file', () => {
  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  afterAll(() => stage.close());

  it('that a life left active which had no time to say its end is corrected and told', async () => {
    await say({ isActive: true, state: 'listening', workerPid: 999_999, browserPid: 999_998 });
    stage.start({ environment: neverByTheClock });
    await stage.waitUntilListening({ workerPid: 999_999 });
    await untilAlerts('records-contradicting', 1);
    expect(await countAlerts('records-contradicting')).toBe(1);
  });
});
