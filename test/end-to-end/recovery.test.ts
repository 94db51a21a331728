import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
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
    expect(after).toMatchObject({ browserPid: before.browserPid, restoreMode: 'hot' });
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
    await stage.waitUntilLoginIsOnDisk();
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
    const { workerPid, browserPid } = await listeningAgain();
    expect({ workerPid, browserPid }).toEqual({ workerPid: before.workerPid, browserPid: before.browserPid });
    await expectOneAnswer();
  });

  it('listens again in the same worker when WhatsApp reloads its page twice, and answers once', async () => {
    const { release } = stage.phone.sync({ withhold: true });
    try {
      for (let reloads = 1; reloads <= 2; reloads += 1) {
        const connected = nextLoadConnects();
        stage.phone.reloadPage();
        await connected;
      }
    } finally {
      release();
      stage.phone.sync({});
    }
    await supervisor.waitForLine(/WhatsApp Web reloaded its page/, { from: mark });
    const { workerPid, browserPid } = await listeningAgain();
    expect({ workerPid, browserPid }).toEqual({ workerPid: before.workerPid, browserPid: before.browserPid });
    await expectOneAnswer();
  });

  it('forgets why it was away when it comes back in another page', async () => {
    stage.sandbox.network({ cut: true });
    try {
      await stage.waitForStatus(({ reason }) => reason?.includes('away') === true, 'the cut to show');
      stage.phone.reloadPage();
      await supervisor.waitForLine(/WhatsApp Web reloaded its page/, { from: mark });
    } finally {
      stage.sandbox.network({ cut: false });
    }
    expect(await listeningAgain()).toMatchObject({
      workerPid: before.workerPid,
      reason: null,
      userAction: null,
    });
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
      process.kill(before.browserPid, 'SIGKILL');
      await stage.waitUntilListening(before);
    } finally {
      stage.phone.sync({});
    }
    expect(await stage.waitForEvent('restore_complete', earlier)).toMatchObject({ healed: true });
    await expectOneAnswer();
  });

  /** The status of a moment ago may still be in the file. */
  function listeningAgain(): Promise<DeviceStatus> {
    return stage.waitForStatus(
      ({ state, isActive, lastConnected }) =>
        state === 'listening' && isActive && lastConnected !== before.lastConnected,
      'the account to listen again',
    );
  }

  /** The page has been loaded once more, and WhatsApp has let it in. */
  async function nextLoadConnects(): Promise<void> {
    const { pageLoads } = stage.phone.status;
    await until(() => (stage.phone.status.pageLoads > pageLoads ? true : undefined), {
      expectation: () => 'the page to load again',
    });
    await stage.phone.waitFor('connected');
  }

  /** A message that was delivered twice would have been answered twice before the next one is. */
  async function expectOneAnswer(): Promise<void> {
    const answer = await stage.ask('!ping');
    expect(answer.body).toBe('pong');
    await stage.ask('!status');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
  }
});

describe('a session that comes up', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.openAtRest();
    stage.phone.sync({ withhold: true });
  });
  afterEach(() => stage.close());

  it('is left alone while the page is too busy with its sync to answer', async () => {
    const supervisor = stage.start({ environment: { WASUP_PROBE_TIMEOUT_MS: '1000' } });
    await supervisor.waitForLine(/Still syncing/);
    const { workerPid, browserPid } = await stage.status();
    // Three looks are missed.
    await stage.phone.freezePage(3_500);
    stage.phone.releaseSync();
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
    expect(supervisor.matching(/ERROR|Restarting/)).toEqual([]);
  });

  it('comes up in a page of its own when its page is silent for longer than a sync may stand still', async () => {
    const environment = { WASUP_PROBE_TIMEOUT_MS: '2000', WASUP_SYNC_TIMEOUT_MS: '10000' };
    const supervisor = stage.start({ environment });
    await supervisor.waitForLine(/Still syncing/);
    const { browserPid } = await stage.status();
    await stage.phone.freezePage();
    stage.phone.sync({});
    await supervisor.waitForLine(/WARN.*The page has not answered for 10000 ms.*Restarting/);
    expect(await stage.waitUntilListening()).toMatchObject({ browserPid });
  });

  it('comes up in the same worker when WhatsApp reloads its page meanwhile', async () => {
    const supervisor = stage.start();
    await supervisor.waitForLine(/Still syncing/);
    const { workerPid, browserPid } = await stage.status();
    stage.phone.reloadPage();
    stage.phone.sync({});
    expect(await stage.waitUntilListening()).toMatchObject({ workerPid, browserPid });
    expect(supervisor.matching(/ERROR|Restarting/)).toEqual([]);
    const answer = await stage.ask('!ping');
    await stage.ask('!ping');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
  });
});

describe('a page that changes its address and stays the same', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('is left alone, while the session comes up and afterwards', async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    stage.phone.sync({ delayMs: 2_000 });
    const supervisor = stage.start({ environment: { WASUP_BOT: fixture('address-changing-bot.js') } });
    await supervisor.waitForLine(/^ADDRESS: .*#coming-up$/);
    await stage.waitUntilListening();
    expect((await stage.ask('!address')).body).toBe('https://web.whatsapp.com/#listening');
    await stage.ask('!address');

    expect(supervisor.matching(/^READY$/)).toHaveLength(1);
    expect(supervisor.matching(/ERROR|Restarting|reloaded/)).toEqual([]);
    expect(stage.phone.status.pageLoads).toBe(1);
  });
});

describe('an error that the bot doesn’t catch', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('is told with its stack as a bug, however it sounds, and costs the worker alone', async () => {
    const environment = { WASUP_BOT: fixture('uncaught-bot.js'), WASUP_LOG_FORMAT: 'json' };
    let supervisor: SupervisorProcess;
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    // A message whose handler took the worker with it is handed to the next life, so a command may fail more than once.
    const failures = { '!unreachable': /ECONNREFUSED.*afterConnect/, '!protocol': /Protocol error.*uncaught-bot\.js/ };
    for (const [command, failure] of Object.entries(failures)) {
      const before = await stage.waitUntilListening();
      await stage.phone.receiveText({ from: contactNumber, body: command });
      const { input } = await supervisor.waitForLine(failure);
      expect(input).toMatch(/"class":"BUG".*The worker ends with an error/);
      expect(await stage.waitUntilListening(before)).toMatchObject({ browserPid: before.browserPid });
    }
    // The bot's own lines name each thing once: whoever reads JSON may keep the first or the last of two.
    const [own = ''] = supervisor.matching(/the bot says/);
    expect(own.match(/"role":"\w+"/g)).toEqual(['"role":"bot"']);
  });
});
