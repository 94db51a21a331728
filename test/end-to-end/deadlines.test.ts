import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { chromiumPath } from '../support/real-browser.js';
import { accountNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

/** Each wait is cut short where the fault is made to last; what comes after it may need more than one try. */
const shortMs = '1500';

describe('a linked account, when WhatsApp makes it wait for ever, says what it waited for and is restored by itself', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let qrRefsServed: number;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  beforeEach(() => {
    ({ qrRefsServed } = stage.sandbox.counters);
  });
  afterEach(async () => {
    await stage.stopAll();
    // Waiting in vain is no refusal of the login.
    expect(supervisor.matching(/Attempt: +[23]\/3$/)).toEqual([]);
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect(supervisor.matching(/^ DEVICE /)).toEqual([' DEVICE REACTIVATED - BOT READY TO SERVE!']);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });
  afterAll(() => stage.close());

  it('for its page (WASUP_PAGE_LOAD_TIMEOUT_MS)', async () => {
    stage.sandbox.pageLoads({ stall: true });
    supervisor = stage.start({ environment: { WASUP_PAGE_LOAD_TIMEOUT_MS: shortMs } });
    await supervisor.waitForLine(/WARN.*WhatsApp Web could not be loaded \(.*1500 ms.*\)\. Restarting/);
    stage.sandbox.pageLoads({ stall: false });
    await stage.waitUntilListening();
  });

  it('for its connection (WASUP_AUTH_TIMEOUT_MS)', async () => {
    stage.sandbox.network({ cut: true });
    supervisor = stage.start({ environment: { WASUP_AUTH_TIMEOUT_MS: shortMs } });
    await supervisor.waitForLine(/WARN.*WhatsApp did not let the page connect within 1500 ms\. Restarting/);
    stage.sandbox.network({ cut: false });
    await stage.waitUntilListening();
  });

  it('for its sync (WASUP_SYNC_TIMEOUT_MS)', async () => {
    const { release } = stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment: { WASUP_SYNC_TIMEOUT_MS: shortMs } });
    await supervisor.waitForLine(/WARN.*The sync stood still for 1500 ms\. Restarting/);
    release();
    await stage.waitUntilListening();
  });
});

describe('a process that starts and never answers is ended when its time is over, and the next one answers', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
  });
  afterEach(() => stage.close());

  it('a worker whose bot never loads (WASUP_WORKER_START_TIMEOUT_MS)', async () => {
    const supervisor = stage.start({
      environment: {
        WASUP_BOT: fixture('never-loads-at-first-bot.js'),
        LOADS_NEVER_UNLESS_FILE: join(stage.folder, 'has-been-loaded'),
        WASUP_WORKER_START_TIMEOUT_MS: '3000',
      },
    });
    await supervisor.waitForLine(/WARN.*The worker has not said hello within 3000 ms\. Restarting/);
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('loaded');
  });

  it('a browser (WASUP_BROWSER_START_TIMEOUT_MS)', async () => {
    const supervisor = stage.start({
      environment: {
        PUPPETEER_EXECUTABLE_PATH: fixture('deaf-at-first-browser.sh'),
        DEAF_UNLESS_FILE: join(stage.folder, 'has-been-deaf'),
        REAL_BROWSER: chromiumPath(),
        WASUP_BROWSER_START_TIMEOUT_MS: '3000',
      },
    });
    await supervisor.waitForLine(/deaf-at-first-browser\.sh\) did not answer within 3000 ms\..*Restarting/);
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });
});
