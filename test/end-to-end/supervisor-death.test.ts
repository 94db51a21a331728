import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const onLinux = describe.runIf(process.platform === 'linux');
/** What is promised: a worker's guard thread sees the death, and a browser the end of its pipes. */
const orphanDeadlineMs = 1_000;
/** A worker that nobody but its supervisor's death ends: its event loop is never empty. */
const environment = { WASUP_BOT: fixture('ticking-bot.js'), WASUP_LOG_LEVEL: 'debug' };
/** Who is only being loaded sees it when that is over: on a busy machine after seconds. */
const loadingDeadlineMs = 10_000;

onLinux('a supervisor that is killed', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    // A browser that ends before that may never have had the login.
    await stage.waitUntilLoginIsOnDisk();
    // One that is only being loaded sees the death later: that is the next test's.
    await supervisor.waitForLine(/waits on standby/);
    before = await stage.waitUntilListening();
  });
  afterAll(() => stage.close());

  it('leaves nobody but a worker that can’t run, and the next one ends it', async () => {
    const { workerPid } = before;
    process.kill(workerPid, 'SIGSTOP');
    supervisor.signal('SIGKILL');
    await untilOnlyRuns([workerPid]);
    expect(isAlive(workerPid)).toBe(true);
    await comesBack();
    expect(isAlive(workerPid)).toBe(false);
  });

  it('leaves nobody while worker and browser start, wherever they are in their start', async () => {
    await supervisor.stop();
    // A worker loads for about half a second, a browser for as long until it answers.
    for (const afterMs of [0, 50, 150, 300, 500]) {
      supervisor = stage.start({ environment });
      await untilBrowserIsThere();
      const begin = performance.now();
      await until(() => performance.now() - begin >= afterMs || undefined, { expectation: () => 'the moment' });
      supervisor.signal('SIGKILL');
      await untilOnlyRuns([], loadingDeadlineMs);
    }
    await comesBack();
  });

  it('leaves nobody while the login is being restored, and the login is kept', async () => {
    await supervisor.stop();
    stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment });
    await supervisor.waitForLine(/Still syncing/);
    supervisor.signal('SIGKILL');
    await untilOnlyRuns([]);
    stage.phone.sync({});
    await comesBack();
    expect(stage.phone.status).toMatchObject({ links: 1, devices: 1 });
  });

  /** The next one restores in other processes, and asks nobody to link. */
  async function comesBack(): Promise<void> {
    supervisor = stage.start({ environment });
    before = await stage.waitUntilListening(before);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
  }

  async function untilBrowserIsThere(): Promise<void> {
    await until(
      () => stage.processes.some(({ commandLine }) => commandLine.includes('--user-data-dir=')) || undefined,
      {
        expectation: () => `a browser.${supervisor.describe()}`,
      },
    );
  }

  async function untilOnlyRuns(pids: readonly number[], timeoutMs = orphanDeadlineMs): Promise<void> {
    const others = () => stage.processes.filter(({ pid }) => !pids.includes(pid));
    await until(() => others().length === 0 || undefined, {
      timeoutMs,
      expectation: () => `nobody else to be left; there still is ${JSON.stringify(others()).slice(0, 1_000)}`,
    });
  }
});

onLinux('a supervisor that is killed while a device is being linked', () => {
  let stage: Stage;

  beforeAll(async () => void (stage = await Stage.open()));
  afterAll(() => stage.close());

  it('leaves nobody, and the next one can link it', async () => {
    const killed = stage.start();
    await killed.waitForLine(/SCAN QR CODE/);
    killed.signal('SIGKILL');
    await stage.waitUntilNothingRuns(orphanDeadlineMs);
    const supervisor = stage.start();
    await supervisor.waitForLine(/SCAN QR CODE/);
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.phone.status).toMatchObject({ links: 1, devices: 1 });
  });
});
