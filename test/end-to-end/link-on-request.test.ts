import { existsSync } from 'node:fs';

import { afterEach, describe, expect, it } from 'vitest';

import { controlSocketPath } from '../../supervisor/control/socket-address.js';
import { accountNumber, Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { type CommandResult, runWasup } from '../support/wasup-command.js';

describe('a person who asks for a link', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  const ask = (...words: string[]): Promise<CommandResult> =>
    runWasup(['link', accountNumber, '--sessions-dir', stage.sessionsFolder, ...words], stage.workingDirectory);
  /** The socket is opened when the accounts have been started. */
  const untilReachable = (): Promise<true> =>
    until(() => (existsSync(controlSocketPath(stage.sessionsFolder)) ? true : undefined), {
      expectation: () => 'the control socket',
    });

  it('gets QR codes again after nobody had scanned any, and the device is linked', async () => {
    stage = await Stage.open({ qr: { firstRefMs: 100, laterRefMs: 100, refs: 20 } });
    const supervisor = stage.start();
    await stage.waitForStatus(({ state, browserPid }) => state === 'needs-link' && browserPid === null, 'rest');
    const from = supervisor.mark;
    // It has to be looking when a code appears: after 18 of them the account rests again.
    const [answer] = await Promise.all([ask(), stage.phone.scanQr(undefined, { timeoutMs: 60_000 })]);
    expect(answer).toMatchObject({ code: 0, errorOutput: '' });
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from });
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters.pairingCodesServed).toBe(0);
  });

  it('gets a pairing code while a QR code is shown, and QR codes when these are asked for again', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    await untilReachable();
    expect(await ask('--code')).toMatchObject({ code: 0, errorOutput: '' });
    const [, code] = await supervisor.waitForLine(/Code: +(\w{4}-\w{4})$/);
    expect(code).toMatch(/\w/);
    const from = supervisor.mark;
    expect(await ask()).toMatchObject({ code: 0 });
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from });

    // Within three minutes there is no second one, and whoever asks is told so.
    expect(await ask('--code')).toMatchObject({
      code: 1,
      output: '',
      errorOutput: expect.stringMatching(/within the last three minutes.*\n.*npx wasup link \d+/) as string,
    });
    expect(stage.phone.status.pairingCodesAsked).toBe(1);
    await stage.phone.scanQr();
    await stage.waitUntilListening();
  });

  it('can enter the pairing code that was asked for while a QR code was shown', async () => {
    stage = await Stage.open();
    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    await untilReachable();
    await ask('--code');
    const [, code] = await supervisor.waitForLine(/Code: +(\w{4}-\w{4})$/);
    await stage.phone.enterPairingCode(code);
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('is refused while the device is linked, and WhatsApp is asked for nothing', async () => {
    const linked = await Stage.openLinked();
    stage = linked.stage;
    await untilReachable();
    const served = stage.sandbox.counters.qrRefsServed;
    for (const words of [[], ['--code']]) {
      expect(await ask(...words)).toMatchObject({
        code: 1,
        output: '',
        errorOutput: expect.stringContaining('linked already') as string,
      });
    }
    expect(stage.phone.status.pairingCodesAsked).toBe(0);
    expect(stage.sandbox.counters.qrRefsServed).toBe(served);
    expect((await stage.ask('!ping')).body).toBe('pong');

    await linked.supervisor.stop();
    expect(existsSync(controlSocketPath(stage.sessionsFolder))).toBe(false);
    expect(await ask()).toMatchObject({ code: 69, errorOutput: expect.stringContaining('node supervisor') as string });
  });
});
