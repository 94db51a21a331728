import { readFile } from 'node:fs/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { openDatabase } from '../../shared/inbox/inbox-file.js';
import { fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const memoryIntervalMs = 500;
/** Many measurements, each of which finds the same, and longer than the quiet time. */
const manyMeasurementsMs = 14 * memoryIntervalMs;

const otherContact = '12025550199';
/** More than browser and worker need, and less than with what this bot eats, however much of Chromium's code is shared with others. */
const limitMb = '700';
const never = '3600000';

// Where there is no /proc nobody can measure.
describe.runIf(process.platform === 'linux')('a session that needs more memory than it may', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;

  afterEach(() => stage.close());

  async function comeUp(environment: Record<string, string>): Promise<void> {
    ({ stage, supervisor } = await Stage.openLinked(
      {},
      {
        environment: {
          WASUP_BOT: fixture('hungry-bot.js'),
          WASUP_MEMORY_INTERVAL_MS: String(memoryIntervalMs),
          // With it the supervisor hears of messages.
          WASUP_HEARTBEAT_INTERVAL_MS: '200',
          ...environment,
        },
      },
    ));
    before = await stage.waitUntilListening();
  }

  it('is replaced with its browser at a quiet moment, as planned: nothing is counted as failed, and not soon again', async () => {
    const quietMs = 4_000;
    await comeUp({ WASUP_MEMORY_SOFT_LIMIT_MB: limitMb, WASUP_QUIET_MS: String(quietMs) });
    const saidAt = performance.now();
    await stage.ask('!eat there');
    await expectReplaced(/WARN.*use \d+ MB, more than the soft limit of 700 MB \(WASUP_MEMORY_SOFT_LIMIT_MB\)/);
    // The message that made it grow was the last one before the quiet time.
    expect(performance.now() - saidAt).toBeGreaterThan(quietMs);
    await expectNoMore('!eat there');
  });

  it('of which the worker needs most hands over to another worker; the browser stays', async () => {
    await comeUp({ WASUP_MEMORY_SOFT_LIMIT_MB: limitMb, WASUP_QUIET_MS: '1000' });
    await stage.ask('!eat');
    await supervisor.waitForLine(/WARN.*use \d+ MB, more than the soft limit/);
    const after = await stage.waitUntilListening(before);
    expect(after).toMatchObject({ browserPid: before.browserPid, restoreMode: 'hot' });
    before = after;
    await expectNoMore('!eat');
  });

  it('over the hard limit is replaced without waiting for a quiet moment, and not soon again', async () => {
    await comeUp({
      WASUP_MEMORY_SOFT_LIMIT_MB: '0',
      WASUP_MEMORY_HARD_LIMIT_MB: limitMb,
      WASUP_QUIET_MS: never,
    });
    const { id } = await stage.phone.receiveText({ from: otherContact, body: '!gorge there' });
    await expectReplaced(/WARN.*use \d+ MB, more than the hard limit of 700 MB \(WASUP_MEMORY_HARD_LIMIT_MB\)/);
    // It was with its handler, and alone.
    expect(inInbox(id)).toMatchObject({ deaths: 1 });
    await expectNoMore('!eat there');
  });

  function inInbox(id: string): unknown {
    const inbox = openDatabase(stage.paths.inbox);
    try {
      return inbox.prepare('SELECT deaths FROM messages WHERE id LIKE ?').get(`%${id}%`);
    } finally {
      inbox.close();
    }
  }

  async function expectReplaced(says: RegExp): Promise<void> {
    await supervisor.waitForLine(says);
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).not.toBe(before.browserPid);
    expect((await stage.ask('!ping')).body).toBe('pong');
    before = after;
  }

  async function expectNoMore(asks: string): Promise<void> {
    await stage.ask(asks);
    const end = performance.now() + manyMeasurementsMs;
    await until(() => performance.now() > end || undefined, { expectation: () => 'time to pass' });
    const { workerPid, browserPid } = before;
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
    expect((await stage.alerts()).filter((alert) => alert === 'memory-limit')).toHaveLength(1);
    expect(stage.phone.status.links).toBe(1);
    const tally = JSON.parse(await readFile(stage.paths.restartTally, 'utf8')) as {
      failures: Record<string, { count: number }>;
    };
    expect(Object.values(tally.failures).filter(({ count }) => count > 0)).toEqual([]);
    expect(supervisor.matching(/Restarting (now|in)|ERROR/)).toEqual([]);
  }
});
