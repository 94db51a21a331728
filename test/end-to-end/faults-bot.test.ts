import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const heartbeatTimeoutMs = 5_000;
/** Well below what counts as a hang, and longer than a part of it after which the guard thread looks. */
const busyMs = 2_000;
/** More than all default deadlines: 10 s without a sign of life, two unanswered probes of 4 s. */
const suspendedMs = 12_000;
/** What would be held against somebody is held against them as soon as the clock goes on, or when its short recheck is over. */
const recheckMs = 3_000;

describe('the bot’s own code', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    const environment = {
      WASUP_BOT: fixture('busy-bot.js'),
      WASUP_HEARTBEAT_INTERVAL_MS: '500',
      WASUP_HEARTBEAT_TIMEOUT_MS: String(heartbeatTimeoutMs),
    };
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await stage.ask('!ping');
  });
  afterAll(() => stage.close());

  it('may keep the event loop for less than the heartbeat’s timeout, and costs nobody anything', async () => {
    const { workerPid, browserPid } = await stage.waitUntilListening();
    const mark = supervisor.mark;
    expect((await stage.ask(`!busy ${busyMs}`)).body).toBe('done');
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
    expect(supervisor.matching(/WARN|ERROR|Restarting/, mark)).toEqual([]);
  });

  it('that never gives it back is named with function, file and line; the message that does it is given to three workers, not to more', async () => {
    const before = await stage.waitUntilListening();
    const mark = supervisor.mark;
    await stage.phone.receiveText({ from: contactNumber, body: '!hang' });
    const [line] = await supervisor.waitForLine(/(?:WARN|ERROR).*not given a sign of life.*/, { from: mark });
    expect(line).toMatch(
      /for 5000 ms: its event loop hangs in countForever \(\S+\/busy-bot\.js:1[6-9]:\d+\), called from onMessage \(\S+\/busy-bot\.js:7:/,
    );
    await supervisor.waitForLine(/ERROR.*A message of \+\d+ is parked: The worker has ended 3 times/, { from: mark });
    expect(supervisor.matching(/(?:WARN|ERROR).*not given a sign of life/, mark)).toHaveLength(3);
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).toBe(before.browserPid);
    expect(isAlive(before.workerPid)).toBe(false);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/, mark)).toEqual([]);
  }, 120_000);
});

describe('with default deadlines', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked());
    await stage.ask('!ping');
    before = await stage.waitUntilListening();
  });
  afterAll(() => stage.close());

  it.each<[string, (signal: NodeJS.Signals) => void]>([
    ['a supervisor that was stopped', (signal) => supervisor.signal(signal)],
    [
      'a machine that was suspended',
      (signal) => {
        supervisor.signal(signal);
        process.kill(before.workerPid, signal);
        process.kill(-before.browserPid, signal);
      },
    ],
  ])('%s blames nobody for it, and the same worker goes on answering', async (_what, send) => {
    const mark = supervisor.mark;
    send('SIGSTOP');
    await pass(suspendedMs);
    send('SIGCONT');
    expect((await stage.ask('!ping')).body).toBe('pong');
    await pass(recheckMs);
    const { workerPid, browserPid } = before;
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid, restoreCount: 0 });
    expect(supervisor.matching(/ERROR|WARN|Restarting/, mark)).toEqual([]);
  });
});

/** Lets as much time go by: what is tested is that nothing happens in it. */
async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  await until(() => performance.now() > end || undefined, { expectation: () => 'time to pass' });
}
