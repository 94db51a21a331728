import { afterEach, describe, expect, it } from 'vitest';

import { accountNumber, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

describe('a link that nobody attends to', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('is given up after 18 QR codes, and waits for a person with nothing running', async () => {
    stage = await Stage.open({ qr: { firstRefMs: 100, laterRefMs: 100, refs: 20 } });
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ Code 18 of 18;/);
    await supervisor.waitForLine(/ERROR.*Nobody scanned the QR code \(18 codes were shown\).*a person is needed/);
    const status = await stage.waitForStatus(
      ({ state, workerPid, browserPid }) => state === 'needs-link' && workerPid === null && browserPid === null,
      'rest',
    );
    expect(status).toMatchObject({ isActive: false, deviceLinked: false });
    expect(status.userAction).toContain(`npx wasup link ${accountNumber}`);
    expect(supervisor.matching(/^ SCAN QR CODE/)).toHaveLength(18);
    await until(() => (stage.processes.every(({ pid }) => pid === supervisor.pid) ? true : undefined), {
      expectation: () => `nothing to run but the supervisor; there is ${JSON.stringify(stage.processes)}`,
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  it('asks WhatsApp for three series of codes, and then for nothing more', async () => {
    stage = await Stage.open({ qr: { firstRefMs: 150, laterRefMs: 150, refs: 3 } });
    const supervisor = stage.start();
    await supervisor.waitForLine(/ERROR.*Nobody scanned the QR code \(\d codes were shown\)/);
    await stage.waitForStatus(({ state, browserPid }) => state === 'needs-link' && browserPid === null, 'rest');
    await until(() => (stage.processes.every(({ pid }) => pid === supervisor.pid) ? true : undefined), {
      expectation: () => `nothing to run but the supervisor; there is ${JSON.stringify(stage.processes)}`,
    });
    // Without worker and browser nobody is left who could ask.
    expect(stage.sandbox.counters.qrRefsServed).toBeLessThanOrEqual(9);
    expect(stage.sandbox.counters.pageLoads).toBe(1);
  });

  it('asks WhatsApp for one pairing code, however many QR codes come and go meanwhile', async () => {
    stage = await Stage.open({ qr: { firstRefMs: 200, laterRefMs: 200, refs: 6 } });
    const supervisor = stage.start({ environment: { WASUP_AUTH_METHOD: 'code' } });
    const [, code] = await supervisor.waitForLine(/Code: +(\w{4}-\w{4})$/);
    await until(() => (stage.sandbox.counters.qrRefsServed >= 6 ? true : undefined), {
      expectation: () => `six QR codes; there were ${stage.sandbox.counters.qrRefsServed}`,
    });
    await stage.phone.enterPairingCode(code);
    // The page tells of its link after it has told of every QR code before.
    await stage.waitUntilListening();
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
  });
});
