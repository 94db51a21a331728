import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readAttempts, type StoredAttempt } from '../../shared/restore-metrics.js';
import { Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

describe('a linked account that comes up slowly', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let qrRefsServed: number;
  let earlierAttempts: number;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  beforeEach(async () => {
    ({ qrRefsServed } = stage.sandbox.counters);
    earlierAttempts = (await readAttempts(stage.paths.restoreMetrics)).attempts.length;
  });
  afterEach(async () => {
    await stage.stopAll();
    stage.phone.sync({});
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    expect(await stage.status()).toMatchObject({ deviceLinked: true });
  });
  afterAll(() => stage.close());

  it('is left alone as long as its sync moves on, however long that takes', async () => {
    // Four times as long as a sync may stand still. A step that comes seconds late is no standstill.
    stage.phone.sync({ progressEveryMs: 500, steps: 40 });
    supervisor = stage.start({ environment: { WASUP_SYNC_TIMEOUT_MS: '5000' } });
    await stage.waitForStatus(({ isActive }) => isActive, 'the account to listen', 60_000);
    expect(supervisor.matching(/Restarting|anew/)).toEqual([]);
    expect((await newestAttempt()).phases.synced).toBeGreaterThan(15_000);
  }, 120_000);

  it('tries again when WhatsApp never authenticates it, and says what it was at', async () => {
    const { release } = stage.phone.holdLogin();
    try {
      supervisor = stage.start({ environment: { WASUP_AUTH_TIMEOUT_MS: '2000' } });
      await supervisor.waitForLine(/WARN.*WhatsApp did not authenticate the device within 2000 ms.*Restarting/);
      expect(await newestAttempt()).toMatchObject({
        outcome: 'failed',
        failedPhase: 'authenticating',
        class: 'TRANSIENT',
      });
    } finally {
      release();
    }
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  /** The newest that the supervisor has written down since this test's supervisor was started. */
  async function newestAttempt(): Promise<StoredAttempt> {
    const attempts = await until(
      async () => {
        const all = (await readAttempts(stage.paths.restoreMetrics)).attempts;
        return all.length > earlierAttempts ? all : undefined;
      },
      { expectation: () => 'another attempt to be written down' },
    );
    const newest = attempts.at(-1);
    if (newest === undefined) throw new Error('There is no attempt.');
    return newest;
  }
});

describe('a session whose login is used elsewhere', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeEach(async () => {
    ({ stage, supervisor } = await Stage.openLinked());
    await stage.ask('!ping');
  });
  afterEach(() => stage.close());

  it('takes the connection back, once, and goes on in the same page', async () => {
    const before = await stage.waitUntilListening();
    const { pageLoads } = stage.sandbox.counters;
    stage.phone.openElsewhere();
    await supervisor.waitForLine(/opened somewhere else with the same login; taking the connection back, once/);
    await stage.waitForStatus(
      ({ isActive, lastConnected }) => isActive && lastConnected !== before.lastConnected,
      'the connection to be back',
    );
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads);
  });

  it('stops, and says where to look, when it is taken again: it doesn’t fight', async () => {
    const { takeovers, qrRefsServed, pageLoads } = stage.sandbox.counters;
    const elsewhere = stage.phone.openElsewhere({ stubborn: true });
    try {
      await stage.waitForStatus(({ state }) => state === 'failed', 'the account to stop');
    } finally {
      elsewhere.close();
    }
    await supervisor.waitForLine(/ERROR.*WhatsApp Web is open somewhere else with the same login.*Close WhatsApp Web/);
    await stage.waitForEvent('alert', 0);
    expect(stage.sandbox.counters).toMatchObject({ takeovers: takeovers + 1, qrRefsServed, pageLoads });
    expect(await stage.status()).toMatchObject({ isActive: false, deviceLinked: true });
  });
});
