import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { contactNumber, fixture, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const environment = {
  WASUP_BOT: fixture('page-breaking-bot.js'),
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_BACKOFF_BASE_MS: '10',
  WASUP_BACKOFF_CAP_MS: '100',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
  WASUP_RESTORE_RETRY_DELAY_MS: '10',
  // The page's own faults are to be found by who comes next.
  WASUP_PROBE_INTERVAL_MS: '30000',
};

describe('a page that something has happened to, when its worker dies', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let mark: number;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await stage.ask('!ping');
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    ({ mark } = supervisor);
  });
  afterAll(() => stage.close());

  it.each([
    ['leave for another address', /the page shows another address/],
    ['open a second page', /the browser has 2 pages/],
    ['an unknown state of the socket', /is in the state SOMETHING_NEW/],
    ['lose what wasup has put there', /nothing of wasup's is in the page/],
    ['lose the library', /whatsapp-web\.js has gone from the page/],
  ])('is opened anew: %s', async (what, reason) => {
    await stage.phone.receiveText({ from: contactNumber, body: `!break ${what}` });
    await expectWarm(reason);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['it was reloaded', () => reloaded(), /nothing of wasup's is in the page/],
    ['it is frozen', () => stage.phone.freezePage(), /the page does not answer/],
    ['it has crashed', () => stage.phone.crashPage(), /the page does not answer/],
  ])('is opened anew: %s', async (_name, happen, reason) => {
    // The worker doesn't see it, and is found dead before it is missed.
    process.kill(before.workerPid, 'SIGSTOP');
    await happen();
    process.kill(before.workerPid, 'SIGKILL');
    await expectWarm(reason);
  });

  it('is taken over when only its network is away, and listens once that is back', async () => {
    process.kill(before.workerPid, 'SIGSTOP');
    stage.sandbox.network({ cut: true });
    try {
      await stage.phone.waitFor('offline');
      process.kill(before.workerPid, 'SIGKILL');
      await supervisor.waitForLine(/SESSION RESTORE - REACTIVATING DEVICE/, { from: mark });
    } finally {
      stage.sandbox.network({ cut: false });
    }
    expect(await stage.waitUntilListening(before)).toMatchObject({
      restoreMode: 'hot',
      browserPid: before.browserPid,
    });
    await expectOneAnswer();
  });

  it('asks for a new link when WhatsApp has logged it out', async () => {
    process.kill(before.workerPid, 'SIGSTOP');
    const { pageLoads } = stage.sandbox.counters;
    stage.phone.unlink();
    // The page has heard of it, and has forgotten whom it belonged to, when it asks for its next document.
    await until(() => stage.sandbox.counters.pageLoads > pageLoads || undefined, {
      expectation: () => 'the page to leave',
    });
    process.kill(before.workerPid, 'SIGKILL');
    await supervisor.waitForLine(/Opening WhatsApp anew: /, { from: mark });
    await supervisor.waitForLine(/SCAN QR CODE/, { from: mark });
    // The phone scans it by itself.
    await stage.waitUntilListening(before);
    await expectOneAnswer();
  });

  async function reloaded(): Promise<void> {
    const loaded = stage.phone.waitFor('offline').then(() => stage.phone.waitFor('synced'));
    stage.phone.reloadPage();
    await loaded;
  }

  async function expectWarm(reason: RegExp): Promise<void> {
    await supervisor.waitForLine(reason, { from: mark });
    expect(await stage.waitUntilListening(before)).toMatchObject({
      restoreMode: 'warm',
      browserPid: before.browserPid,
    });
    await expectOneAnswer();
  }

  async function expectOneAnswer(): Promise<void> {
    const { quotedMessageId } = await stage.ask('!ping');
    await stage.ask('!ping again');
    expect(stage.answersTo(quotedMessageId ?? '')).toBe(1);
  }
});
