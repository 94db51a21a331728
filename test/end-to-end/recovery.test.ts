import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { contactNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Short, so that a cut network is seen in both of its states. */
const socketTimeoutMs = 500;

/** Longer than a busy machine keeps a worker waiting, shorter than the patience of whoever runs the tests. */
const heartbeat = { WASUP_HEARTBEAT_INTERVAL_MS: '500', WASUP_HEARTBEAT_TIMEOUT_MS: '3000' };

describe('a session that listens', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;
  let qrRefsServed: number;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({ socketTimeoutMs }, { environment: heartbeat }));
    // Status file and supervisor learn of the link one after the other; after an answer both have.
    await stage.ask('!ping');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    mark = supervisor.mark;
    ({ qrRefsServed } = stage.sandbox.counters);
  });
  afterEach(() => {
    expect(supervisor.matching(/SCAN QR CODE/, mark)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });
  afterAll(() => stage.close());

  it('comes back in the same browser when the worker is killed', async () => {
    process.kill(before.workerPid, 'SIGKILL');
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).toBe(before.browserPid);
    expect(after.restoreCount).toBe(before.restoreCount + 1);
    await supervisor.waitForLine(/The worker was killed \(SIGKILL\)/, { from: mark });
    await supervisor.waitForLine(/SESSION RESTORE - REACTIVATING DEVICE/, { from: mark });
    await expectOneAnswer();
  });

  it('comes back in the same browser when the worker hangs', async () => {
    process.kill(before.workerPid, 'SIGSTOP');
    await supervisor.waitForLine(/has not given a sign of life for 3000 ms/, { from: mark });
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).toBe(before.browserPid);
    expect(isAlive(before.workerPid)).toBe(false);
    await expectOneAnswer();
  });

  it('comes back in a new browser when the browser is killed', async () => {
    process.kill(before.browserPid, 'SIGKILL');
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).not.toBe(before.browserPid);
    expect(after.restoreMode).toBe('cold');
    expect(isAlive(before.workerPid)).toBe(false);
    await expectOneAnswer();
  });

  it('comes back when the page crashes', async () => {
    await stage.phone.crashPage();
    await stage.waitUntilListening(before);
    await supervisor.waitForLine(/WARN.*The page crashed.*Restarting/, { from: mark });
    await expectOneAnswer();
  });

  it('listens again in the same worker when WhatsApp reloads its page, and answers once', async () => {
    const { pageLoads } = stage.phone.status;
    stage.phone.reloadPage();
    await until(() => (stage.phone.status.pageLoads > pageLoads ? true : undefined), {
      expectation: () => 'the page to load again',
    });
    await supervisor.waitForLine(/WhatsApp Web reloaded its page/, { from: mark });
    const { workerPid, browserPid } = await stage.waitUntilListening();
    expect({ workerPid, browserPid }).toEqual({ workerPid: before.workerPid, browserPid: before.browserPid });
    await expectOneAnswer();
  });

  it('says that it is not active while the network is cut, and connects again by itself', async () => {
    stage.sandbox.network({ cut: true });
    try {
      await stage.phone.waitFor('offline');
      const away = await stage.waitForStatus(
        ({ isActive, reason }) => !isActive && reason?.includes('TIMEOUT') === true,
        'the cut to show',
      );
      expect(away).toMatchObject({ state: 'degraded', deviceLinked: true, workerPid: before.workerPid });
    } finally {
      stage.sandbox.network({ cut: false });
    }
    const missed = await stage.phone.receiveText({ from: contactNumber, body: '!ping' });
    expect((await stage.answerTo(missed.id)).body).toBe('pong');
    expect(await stage.waitUntilListening()).toMatchObject({
      workerPid: before.workerPid,
      browserPid: before.browserPid,
    });
    await expectOneAnswer();
  });

  it('comes back although the sync was over before the library listened', async () => {
    const earlier = (await stage.history()).length;
    stage.phone.sync({ beforeListener: true });
    try {
      process.kill(before.workerPid, 'SIGKILL');
      await stage.waitUntilListening(before);
    } finally {
      stage.phone.sync({});
    }
    expect(await stage.waitForEvent('restore_complete', earlier)).toMatchObject({ healed: true });
    await expectOneAnswer();
  });

  /** A message that was delivered twice would have been answered twice before the next one is. */
  async function expectOneAnswer(): Promise<void> {
    const answer = await stage.ask('!ping');
    expect(answer.body).toBe('pong');
    await stage.ask('!status');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
  }
});
