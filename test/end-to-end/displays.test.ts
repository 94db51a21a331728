import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import type { SessionHistoryEntry } from '../../shared/session-history.js';
import type { SessionStats } from '../../shared/session-stats.js';
import { accountNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { type CommandResult, runWasup } from '../support/wasup-command.js';

/** The tests tell one story, in this order: listening, killed and back, stopped, restored. */
describe('what people are shown of an account', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let linked: ListeningStatus;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked());
    linked = await stage.waitUntilListening();
    await stage.waitForEvent('session_up', 0);
  });
  afterAll(() => stage.close());

  it('that listens is that, as a text and as JSON', async () => {
    const { code, output, errorOutput } = await wasup('status');
    expect({ code, errorOutput }).toEqual({ code: 0, errorOutput: '' });
    expect(output).toMatch(new RegExp(`^Account +\\+${accountNumber}$`, 'm'));
    expect(output).toMatch(/^State +Listening\.$/m);
    expect(output).toMatch(/^Listening +Yes\.$/m);
    expect(output).toMatch(/^Linked +Yes, since /m);
    expect(output).toContain(`worker ${linked.workerPid}, browser ${linked.browserPid}`);

    const [status] = await json<DeviceStatus>('status', accountNumber);
    expect(status).toMatchObject({ isActive: true, deviceLinked: true, state: 'listening', restoreMode: 'relink' });
  });

  it('whose worker was killed is soon shown as not listening, then as back, with what that cost', async () => {
    process.kill(linked.workerPid, 'SIGKILL');
    const told = await until(async () => (await json<SessionHistoryEntry>('history', accountNumber)).find(isDown), {
      expectation: () => 'the loss in the history',
    });
    expect(told.reason).toMatch(/SIGKILL/);
    const back = await stage.waitUntilListening(linked);
    expect((await json<DeviceStatus>('status'))[0]).toMatchObject({
      isActive: true,
      workerPid: back.workerPid,
      restoreCount: 1,
      restoreMode: 'hot',
    });

    const stats = await statsOf((found) => found.attempts === 2 && !found.isDown);
    expect(stats).toMatchObject({ succeeded: 2, failed: 0, successRate: 1, losses: 1, failuresByClass: {} });
    expect(stats.durationsByRung).toMatchObject({ relink: { count: 1 }, hot: { count: 1 } });
    expect(stats.durationsByPhase.verified?.count).toBe(2);
    const [down, up] = (await stage.history()).slice((await stage.history()).findIndex(isDown)).filter(isUpOrDown);
    expect(stats.downtimeMs).toBe(Date.parse(up?.timestamp ?? '') - Date.parse(down?.timestamp ?? ''));

    const { code, output } = await wasup('stats');
    expect(code).toBe(0);
    expect(output).toMatch(/^Attempts +2 of 2 succeeded \(100 %\)/m);
    expect(output).toMatch(/^ {2}hot +p50 .* \(n=1\)$/m);
    expect(output).toMatch(/^Downtime +.*lost once/m);
  });

  it('that was stopped is not listening, not down, and still linked', async () => {
    await supervisor.stop();
    expect((await json<DeviceStatus>('status'))[0]).toMatchObject({
      isActive: false,
      state: 'stopped',
      deviceLinked: true,
      workerPid: null,
      browserPid: null,
    });
    const { code, output } = await wasup('status');
    expect(code).toBe(0);
    expect(output).toMatch(/^State +Stopped\.$/m);
    expect(output).toMatch(/^Listening +No\.$/m);
    expect((await json<SessionStats>('stats'))[0]).toMatchObject({ isDown: false, losses: 1 });
  });

  it('whose supervisor was killed is not shown as listening, and its next restore counts as one', async () => {
    const before = (await json<SessionStats>('stats'))[0];
    supervisor = stage.start();
    await stage.waitUntilListening();
    await statsOf(({ attempts }) => attempts === 3);
    supervisor.signal('SIGKILL');
    await stage.waitUntilNothingRuns();
    const [status] = await json<DeviceStatus>('status');
    expect(status).toMatchObject({ isActive: false, state: 'stopped', deviceLinked: true, workerPid: null });
    expect(status?.reason).toMatch(/supervisor has gone/);
    const [after] = await json<SessionStats>('stats');
    expect(after?.durationsByRung).toMatchObject({ ...before?.durationsByRung, cold: { count: 1 } });
  });

  it('has a history with the newest last, as many as were asked for, as a text and as JSON', async () => {
    const all = await stage.history();
    const newest = await json<SessionHistoryEntry>('history', accountNumber, '--limit', '3');
    expect(newest).toEqual(all.slice(-3));
    const { code, output } = await wasup('history', accountNumber, '--limit', '500');
    expect(code).toBe(0);
    expect(output).toContain('    device linked');
    const told = ['session up', 'session down', 'restore complete', 'session stopped'];
    const places = told.map((title) => output.indexOf(`    ${title}`));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it.each(['status', 'history', 'stats'])(
    'that isn’t there ends `%s` with 1 and says where it was looked for',
    async (word) => {
      const { code, output, errorOutput } = await wasup(word, '12025550199');
      expect({ code, output }).toEqual({ code: 1, output: '' });
      expect(errorOutput).toContain(`no folder ${stage.sessionsFolder}`);
      expect(errorOutput).toContain('WASUP_SESSIONS_DIR');
    },
  );

  it.each(['status', 'stats'])('where there is none, `%s` says where people may look', async (word) => {
    const { code, output, errorOutput } = await runWasup([word], stage.workingDirectory);
    expect({ code, output }).toEqual({ code: 0, output: '' });
    expect(errorOutput).toMatch(/^There are no accounts in .*\n {2}What to do: .*--sessions-dir/);
  });

  it.each(['status', 'history', 'stats'])('with a number that is none ends `%s` with 64', async (word) => {
    expect((await wasup(word, '+1-202')).code).toBe(64);
  });

  const isDown = ({ eventType }: SessionHistoryEntry): boolean => eventType === 'session_down';
  const isUpOrDown = ({ eventType }: SessionHistoryEntry): boolean => /^session_(up|down)$/.test(eventType);

  function wasup(...words: string[]): Promise<CommandResult> {
    return runWasup([...words, '--sessions-dir', stage.sessionsFolder], stage.workingDirectory);
  }

  async function json<Item>(...words: string[]): Promise<Item[]> {
    const { code, output, errorOutput } = await wasup(...words, '--json');
    expect({ code, errorOutput }).toEqual({ code: 0, errorOutput: '' });
    return JSON.parse(output) as Item[];
  }

  /** Attempts are written when they are over, a moment after the status. */
  function statsOf(holds: (stats: SessionStats) => boolean): Promise<SessionStats> {
    return until(async () => (await json<SessionStats>('stats', accountNumber)).find(holds), {
      expectation: () => 'the statistics',
    });
  }
});
