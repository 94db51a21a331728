import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { canMount, SmallDisk } from '../support/small-disk.js';
import { accountNumber, contactNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

/** Chromium and its profile take some 30 MB of it. */
const diskMb = 160;

/** Only root may mount a disk. The profile is on it, unlike in messages-disk.test.ts. */
describe.skipIf(!canMount)('an account whose browser has its profile on a full disk', () => {
  let stage: Stage;
  let disk: SmallDisk;
  let supervisor: SupervisorProcess;

  beforeEach(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    disk = new SmallDisk(stage.paths.directory, diskMb);
    const environment = {
      WASUP_BOT: fixture('recording-bot.js'),
      WASUP_PROBE_INTERVAL_MS: '1000',
      WASUP_PROBE_TIMEOUT_MS: '1000',
      WASUP_HANDLER_RETRY_DELAY_MS: '100',
    };
    supervisor = stage.start({ environment });
    await stage.waitUntilListening();
    await stage.answerTo(await receive('!ping first'));
    await stage.waitUntilLoginIsOnDisk();
  });
  afterEach(async () => {
    disk.relent();
    await stage.stopAll();
    disk.unmount();
    // What the page says of its storage is what the test brings about.
    const others = stage.sandbox.pageErrors.filter(
      (text) => !/disk full|NO_SPACE|IDBDatabase|backing store/i.test(text),
    );
    Object.defineProperty(stage.sandbox, 'pageErrors', { value: others });
    await stage.close();
  });

  it('is degraded, says why, parks nothing, and comes back by itself when there is room', async () => {
    const { pageLoads, qrRefsServed } = stage.sandbox.counters;
    disk.fill();
    const ids = [];
    for (const body of ['!ping a', '!ping b', '!ping c']) ids.push(await receive(body));
    const degraded = await stage.waitForStatus(
      ({ state, isActive }) => state === 'degraded' && !isActive,
      'the account to be degraded',
    );
    expect(degraded.reason).toMatch(/page's storage/);
    expect(degraded.userAction).toMatch(/Free space on the disk of /);
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads);

    disk.relent();
    await supervisor.waitForLine(/WARN.*page's storage.*Restarting/);
    for (const id of ids) await stage.answerTo(id);
    await stage.waitForStatus(({ isActive }) => isActive, 'the account to listen again');
    await stage.answerTo(await receive('!ping last'));
    expect(ids.map((id) => stage.answersTo(id))).toEqual([1, 1, 1]);
    expect(await stage.alerts()).not.toContain('message-parked');
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });

  it('gets another browser only when there is room, and keeps its login', async () => {
    const { pageLoads, qrRefsServed } = stage.sandbox.counters;
    disk.fill();
    const { browserPid } = await stage.status();
    process.kill(browserPid ?? 0, 'SIGKILL');
    await supervisor.waitForLine(/ERROR.*has no room for a browser.*Free space/);
    await stage.waitForStatus(({ isActive, browserPid: pid }) => !isActive && pid === null, 'nobody to listen');
    const id = await receive('!ping meanwhile');
    expect(stage.sandbox.counters.pageLoads).toBe(pageLoads);

    disk.relent();
    await stage.answerTo(id);
    await stage.waitForStatus(({ isActive }) => isActive, 'the account to listen again');
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });

  async function receive(body: string): Promise<string> {
    return (await stage.phone.receiveText({ from: contactNumber, body })).id;
  }
});
