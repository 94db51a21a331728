import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Longer than a busy machine keeps anybody waiting, and short enough to be exceeded by a test. */
const watchdog = {
  WASUP_HEARTBEAT_INTERVAL_MS: '500',
  WASUP_HEARTBEAT_TIMEOUT_MS: '2500',
  WASUP_PROBE_INTERVAL_MS: '1000',
  WASUP_PROBE_TIMEOUT_MS: '1000',
};
/** All of these deadlines, one after the other. */
const allDeadlinesMs = 2_500 + 2 * 1_000 + 1_000;
/** What the guard thread promises. */
const orphanDeadlineMs = 1_000;
/** A standby that is only being loaded sees the death when that is over: see supervisor-death.test.ts. */
const hanging = { WASUP_BOT: fixture('hanging-bot.js'), WASUP_STANDBY: '0' };

describe('a supervisor that stood still', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment: watchdog }));
    await stage.ask('!ping');
  });
  afterAll(() => stage.close());

  it('blames nobody for it: the same worker in the same browser goes on answering', async () => {
    const { workerPid, browserPid } = await stage.waitUntilListening();
    const mark = supervisor.mark;
    supervisor.signal('SIGSTOP');
    await pass(allDeadlinesMs);
    supervisor.signal('SIGCONT');
    // Whatever would be held against somebody is said within the deadlines.
    await pass(allDeadlinesMs);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid, restoreCount: 0 });
    expect(supervisor.matching(/ERROR|WARN|Restarting/, mark)).toEqual([]);
  });
});

describe('a supervisor that is killed', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment: hanging }));
    // A browser that ends before that may never have had the login.
    await stage.waitUntilLoginIsOnDisk();
  });
  afterAll(() => stage.close());

  it('leaves nothing behind for more than a second, and the next one restores', async () => {
    before = await stage.waitUntilListening();
    await supervisor.stop('SIGKILL');
    await untilNothingIsLeft();
    supervisor = stage.start({ environment: hanging });
    await stage.waitUntilListening(before);
  });

  it('leaves nothing behind either when its worker hangs in an endless loop', async () => {
    before = await stage.waitUntilListening();
    const mark = supervisor.mark;
    await stage.phone.receiveText({ from: contactNumber, body: '!hang' });
    await supervisor.waitForLine(/HANGING/, { from: mark });
    await supervisor.stop('SIGKILL');
    await untilNothingIsLeft();
    supervisor = stage.start();
    await stage.waitUntilListening(before);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
  });

  async function untilNothingIsLeft(): Promise<void> {
    await until(() => stage.leftBehind.length === 0 || undefined, {
      timeoutMs: orphanDeadlineMs,
      expectation: () => `nothing to be left; there is ${JSON.stringify(stage.leftBehind)}`,
    });
  }
});

/** Lets as much time go by: what is tested is that nothing happens in it. */
async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  await until(() => performance.now() > end || undefined, { expectation: () => 'time to pass' });
}
