import { readFile } from 'node:fs/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { Stage } from '../support/stage.js';

const byCode = { environment: { WASUP_AUTH_METHOD: 'code' } };

describe('pairing codes', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('are not asked for again within three minutes, though the worker dies: a QR code is shown, with the reason', async () => {
    stage = await Stage.open();
    const supervisor = stage.start(byCode);
    await supervisor.waitForLine(/^ ENTER PAIRING CODE TO LINK DEVICE$/);
    const { workerPid } = await stage.waitForStatus(({ workerPid: pid }) => pid !== null, 'a worker');
    const from = supervisor.mark;
    process.kill(workerPid ?? 0, 'SIGKILL');
    await supervisor.waitForLine(/WARN.*within the last three minutes; the next may be asked for after .* UTC.*QR/, {
      from,
    });
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from });
    const { reason, userAction } = await stage.waitForStatus(
      (status) => status.reason?.includes('three minutes') === true,
      'the reason',
    );
    expect(reason).toContain('UTC');
    expect(userAction).toContain('Scan the QR code');
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
  });

  it('are paused for a day when WhatsApp refuses one, also for a supervisor that starts anew; QR codes are shown', async () => {
    stage = await Stage.open();
    stage.phone.limitPairingCodes();
    const first = stage.start(byCode);
    await first.waitForLine(/WARN.*refused to give a pairing code.*rate-overlimit.*within 24 hours.*QR/);
    await first.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(JSON.parse(await readFile(stage.paths.linkingLimits, 'utf8'))).toMatchObject({
      codes: [expect.anything()],
      pause: { why: 'rate-limited' },
    });
    await first.stop();

    stage.phone.limitPairingCodes(false);
    const second = stage.start(byCode);
    await second.waitForLine(/WARN.*WhatsApp has refused pairing codes for this number.*may be asked for after.*QR/);
    await second.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
  });

  it('are never asked for by a device that is linked', async () => {
    stage = await Stage.openAtRest();
    stage.start(byCode);
    const status = await stage.waitUntilListening();
    process.kill(status.workerPid, 'SIGKILL');
    await stage.waitUntilListening(status);
    expect(stage.phone.status.pairingCodesAsked).toBe(0);
  });
});
