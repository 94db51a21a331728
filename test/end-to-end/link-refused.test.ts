import { afterEach, describe, expect, it } from 'vitest';

import { Stage } from '../support/stage.js';

describe('a link that WhatsApp refuses', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('after the scan is explained and written down; the next scan may succeed', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    stage.phone.refuse({ afterScan: true });
    await expect(stage.phone.scanQr()).rejects.toThrow('refused');

    await supervisor.waitForLine(/ERROR.*phone scanned the code, but WhatsApp did not link the device.*passkey/);
    expect(await stage.waitForEvent('link_refused', 0)).toMatchObject({ attempt: 1, status: 'qr' });
    const status = await stage.waitForStatus(({ reason }) => reason?.includes('passkey') === true, 'the explanation');
    expect(status).toMatchObject({ state: 'linking', deviceLinked: false });
    expect(status.userAction).toContain('Update WhatsApp on the phone');

    await stage.phone.scanQr();
    expect(await stage.waitUntilListening()).toMatchObject({ reason: null, userAction: null });
    expect(stage.sandbox.counters.pageLoads).toBe(1);
  });

  it('after the pairing code was entered is explained, too, and QR codes follow; no other code is asked for', async () => {
    stage = await Stage.open();
    const supervisor = stage.start({ environment: { WASUP_AUTH_METHOD: 'code' } });
    await supervisor.waitForLine(/^ ENTER PAIRING CODE TO LINK DEVICE$/);
    stage.phone.refuse({ afterScan: true });
    await expect(stage.phone.enterPairingCode()).rejects.toThrow('refused');
    await supervisor.waitForLine(/ERROR.*phone took the code, but WhatsApp did not link the device.*passkey/);
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
  });

  it('because the account is restricted waits for a person, with nothing running', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    stage.phone.sync({ withhold: true });
    await stage.phone.scanQr();
    stage.phone.setState('TOS_BLOCK');
    await supervisor.waitForLine(/ERROR.*WhatsApp has restricted this account.*WhatsApp on the phone/);
    const status = await stage.waitForStatus(
      ({ state, workerPid, browserPid }) => state === 'needs-link' && workerPid === null && browserPid === null,
      'rest',
    );
    expect(status.isActive).toBe(false);
    expect(status.userAction).toContain('WhatsApp on the phone');
  });
});
