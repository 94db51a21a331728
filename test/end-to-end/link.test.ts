import { afterEach, describe, expect, it } from 'vitest';

import { readTerminalQr } from '../support/read-terminal-qr.js';
import { accountNumber, Stage } from '../support/stage.js';
import { until } from '../support/until.js';

describe('a device that is not linked', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('is linked by scanning the QR code in the terminal', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(await stage.waitForStatus(({ state }) => state === 'linking', 'a status that says so')).toMatchObject({
      isActive: false,
      deviceLinked: false,
    });
    const qr = await until(() => readTerminalQr(supervisor.lines), { expectation: () => 'a QR code that can be read' });
    await stage.phone.scanQr(qr);
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
    await stage.waitForEvent('device_linked', 0);
    expect(await stage.restoreHistory()).toHaveLength(1);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is shown fresh QR codes when they expire, also after WhatsApp has stopped handing them out', async () => {
    stage = await Stage.open({ qr: { firstRefMs: 400, laterRefMs: 400, refs: 2 } });
    const supervisor = stage.start();
    await supervisor.waitForLine(/Code 3 of \d+/);
    await stage.phone.scanQr();
    await stage.waitUntilListening();
  });

  it('is linked by entering the pairing code on the phone, and asks WhatsApp for one code only', async () => {
    stage = await Stage.open();
    const supervisor = stage.start({ environment: { WASUP_AUTH_METHOD: 'code' } });
    await supervisor.waitForLine(/ENTER PAIRING CODE TO LINK DEVICE/);
    const [, code] = await supervisor.waitForLine(/Code: +(\w{4}-\w{4})$/);
    await stage.phone.enterPairingCode(code);
    await stage.waitUntilListening();

    expect(stage.sandbox.counters.pairingCodesServed).toBe(1);
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is asked for again when worker or browser die before it was linked', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    for (const which of ['workerPid', 'browserPid'] as const) {
      const from = supervisor.mark;
      await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from });
      const status = await stage.waitForStatus(
        ({ state, [which]: pid }) => state === 'linking' && pid !== null,
        'linking',
      );
      process.kill(status[which] ?? 0, 'SIGKILL');
      // Of a browser's death the supervisor may hear first from its worker, who doesn't know the signal.
      await supervisor.waitForLine(/WARN.*(worker was killed|browser is gone).*Restarting/, { from });
    }
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is not served when another number scans the code, and a person is told both numbers', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    await stage.sandbox.phone('491701234567').scanQr();
    await supervisor.waitForLine(
      new RegExp(`ERROR.*\\+491701234567.*\\+${accountNumber}.*WASUP_ACCOUNTS=491701234567`),
    );
    expect(await supervisor.waitForExit()).toEqual({ code: 78, signal: null });
  });
});

describe('two accounts', () => {
  it('are linked and answered each by its own bot, in browsers of their own', async () => {
    const stage = await Stage.open();
    const other = stage.sandbox.phone('12025550111');
    try {
      const environment = { WASUP_ACCOUNTS: `${accountNumber},${other.number}`, WASUP_AUTH_METHOD: 'code' };
      const supervisor = stage.start({ environment });
      await Promise.all([stage.phone.enterPairingCode(), other.enterPairingCode()]);
      await until(() => (supervisor.matching(/^ DEVICE LINKED/).length === 2 ? true : undefined), {
        expectation: () => `both accounts to be linked.${supervisor.describe()}`,
      });
      await stage.ask('!ping');
      const { id } = await other.receiveText({ from: '12025550123', body: '!ping' });
      await other.waitForSent(({ quotedMessageId }) => quotedMessageId === id);
      expect(stage.phone.sent).toHaveLength(1);
      expect(other.sent).toHaveLength(1);
      expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
      expect(stage.leftBehind).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
