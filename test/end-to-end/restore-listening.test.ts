import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';

import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

/** Twice missed is noticed soon, and a busy machine misses none. */
const looks = { WASUP_PROBE_INTERVAL_MS: '2000', WASUP_PROBE_TIMEOUT_MS: '2000' };

describe('a session that listens is looked after, and', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;
  let pageLoads: number;
  let qrRefsServed: number;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment: looks }));
    await stage.ask('!ping');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    mark = supervisor.mark;
    ({ pageLoads, qrRefsServed } = stage.sandbox.counters);
  });
  afterEach(() => {
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });
  afterAll(() => stage.close());

  it('comes up again in its page when nothing that comes into the page reaches the bot any more', async () => {
    await stage.phone.deafen();
    const unheard = await stage.phone.receiveText({ from: '12025550123', body: '!ping' });
    await supervisor.waitForLine(/WARN.*The page has a message that it doesn't hand over; loading the page anew/, {
      from: mark,
    });
    await expectHealed();
    await stage.answerTo(unheard.id);
    expect(stage.answersTo(unheard.id)).toBe(1);
  });

  it('comes up again in its page when the library has gone from it', async () => {
    await stage.phone.forgetUtilities();
    await supervisor.waitForLine(/WARN.*whatsapp-web\.js has gone from the page; loading the page anew/, {
      from: mark,
    });
    await expectHealed();
  });

  it('is followed by one in a fresh page when its page freezes', async () => {
    await stage.phone.freezePage();
    await supervisor.waitForLine(/WARN.*The page has not answered for 4000 ms.*Restarting/, { from: mark });
    expect(await stage.waitUntilListening(before)).toMatchObject({ browserPid: before.browserPid });
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 1);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is left alone while its page is busy for a moment', async () => {
    await stage.phone.freezePage(1_000);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/Restarting|anew/, mark)).toEqual([]);
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads);
  });

  /** In the same worker, with one more load of the page. */
  async function expectHealed(): Promise<void> {
    await stage.waitForStatus(
      ({ isActive, lastConnected }) => isActive && lastConnected !== before.lastConnected,
      'the account to listen again',
    );
    const { workerPid, browserPid } = await stage.status();
    expect({ workerPid, browserPid }).toEqual({ workerPid: before.workerPid, browserPid: before.browserPid });
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads + 1);
    const answer = await stage.ask('!ping');
    expect(answer.body).toBe('pong');
    await stage.ask('!status');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
    expect(supervisor.matching(/Restarting/, mark)).toEqual([]);
  }
});

describe('a session whose connection is away', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    const environment = {
      WASUP_TRANSPORT_RECONNECT_MS: '1000',
      // Time to be seen in each state, and to come back before the next step, also on a busy machine.
      WASUP_TRANSPORT_RELOAD_MS: '6000',
      WASUP_TRANSPORT_RESTART_MS: '11000',
    };
    ({ stage, supervisor } = await Stage.openLinked({ socketTimeoutMs: 500 }, { environment }));
    await stage.ask('!ping');
  });
  afterAll(() => stage.close());

  it('is told to connect, then loaded anew, then replaced; it keeps its login and comes back by itself', async () => {
    const before = await stage.waitUntilListening();
    const { qrRefsServed, pageLoads } = stage.sandbox.counters;
    const mark = supervisor.mark;
    stage.sandbox.network({ cut: true });
    try {
      await stage.waitForStatus(({ state, isActive }) => state === 'degraded' && !isActive, 'the cut to show');
      await supervisor.waitForLine(/WARN.*away for 1 s \((OPENING|TIMEOUT)\); telling the page to connect/, {
        from: mark,
      });
      await supervisor.waitForLine(/WARN.*away for 6 s \(TIMEOUT\); loading the page anew/, { from: mark });
      await supervisor.waitForLine(/WARN.*away for 11 s .*Restarting/, { from: mark });
      expect(stage.sandbox.counters.pageLoads).toBeGreaterThan(pageLoads);
      expect(await stage.status()).toMatchObject({ deviceLinked: true, isActive: false });
    } finally {
      stage.sandbox.network({ cut: false });
    }
    const after = await stage.waitUntilListening(before);
    expect(after).toMatchObject({ browserPid: before.browserPid, reason: null });
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/telling the page to connect/, mark)).toHaveLength(1);
    expect(supervisor.matching(/Attempt: +[23]\/3$/, mark)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });

  it('is left alone when it comes back before the next step', async () => {
    const before = await stage.waitUntilListening();
    const mark = supervisor.mark;
    const { pageLoads } = stage.sandbox.counters;
    stage.sandbox.network({ cut: true });
    await supervisor.waitForLine(/telling the page to connect/, { from: mark });
    stage.sandbox.network({ cut: false });
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid: before.workerPid });
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads);
  });
});

describe('a session that WhatsApp ends', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeEach(async () => {
    ({ stage, supervisor } = await Stage.openLinked());
    await stage.ask('!ping');
  });
  afterEach(() => stage.close());

  it('because the account is restricted stops, and says what a person can do', async () => {
    const { pageLoads, qrRefsServed } = stage.sandbox.counters;
    stage.phone.setState('TOS_BLOCK');
    await stage.waitForStatus(({ state }) => state === 'failed', 'the account to stop');
    await supervisor.waitForLine(/ERROR.*WhatsApp has restricted this account.*Open WhatsApp on the phone/);
    expect(await stage.status()).toMatchObject({ isActive: false, deviceLinked: true });
    expect(stage.sandbox.counters).toMatchObject({ pageLoads, qrRefsServed });
  });

  it('because its version is too old loads the page anew, and listens', async () => {
    const before = await stage.waitUntilListening();
    const mark = supervisor.mark;
    stage.phone.setState('DEPRECATED_VERSION');
    await supervisor.waitForLine(/WARN.*wants to be loaded in a newer version; loading the page anew/, { from: mark });
    const after = await stage.waitForStatus(
      ({ isActive, lastConnected }) => isActive && lastConnected !== before.lastConnected,
      'the account to listen again',
    );
    expect(after.workerPid).toBe(before.workerPid);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('because another page has its login takes the connection back once, then stops and says so', async () => {
    const before = await stage.waitUntilListening();
    const mark = supervisor.mark;
    stage.phone.setState('CONFLICT');
    await supervisor.waitForLine(/WARN.*opened somewhere else with the same login; taking the connection back, once/, {
      from: mark,
    });
    await stage.waitForStatus(
      ({ isActive, lastConnected }) => isActive && lastConnected !== before.lastConnected,
      'it back',
    );
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters.takeovers).toBe(1);

    stage.phone.setState('CONFLICT');
    await stage.waitForStatus(({ state }) => state === 'failed', 'the account to stop');
    await supervisor.waitForLine(/ERROR.*WhatsApp Web is open somewhere else with the same login/, { from: mark });
    expect(stage.sandbox.counters.takeovers).toBe(1);
    expect(await stage.status()).toMatchObject({ isActive: false, deviceLinked: true });
  });
});
