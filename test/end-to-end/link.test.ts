import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { accountNumber, Stage } from '../support/stage.js';

describe('a device that is not linked', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it('is linked by scanning the QR code in the terminal', async () => {
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    await stage.phone.scanQr();
    await supervisor.waitForLine(/DEVICE LINKED - BOT READY TO SERVE!/);

    expect(await stage.waitUntilListening()).toMatchObject({
      number: accountNumber,
      deviceLinked: true,
      restoreCount: 0,
      restoreMode: 'relink',
      waVersion: stage.sandbox.version,
      reason: null,
      userAction: null,
    });
    expect(await stage.history()).toMatchObject([{ eventType: 'device_linked' }]);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is linked by entering the pairing code on the phone, and asks WhatsApp for one code only', async () => {
    const supervisor = stage.start({ environment: { WASUP_AUTH_METHOD: 'code' } });
    await supervisor.waitForLine(/ENTER PAIRING CODE TO LINK DEVICE/);
    const [, code] = await supervisor.waitForLine(/Code: +(\w{4}-\w{4})$/);
    await stage.phone.enterPairingCode(code);
    await stage.waitUntilListening();

    expect(stage.sandbox.counters.pairingCodesServed).toBe(1);
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });
});
