import { existsSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { quarantineProfile } from '../../supervisor/quarantine.js';
import { accountNumber, Stage } from '../support/stage.js';
import { type CommandResult, runWasup } from '../support/wasup-command.js';

describe('`wasup restore-profile`', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.openAtRest();
  });
  afterEach(() => stage.close());

  it('is refused while a supervisor has the account, which notices nothing of it', async () => {
    const supervisor = stage.start();
    await stage.waitUntilListening();
    const { code, errorOutput } = await restoreProfile();
    expect(code).toBe(73);
    expect(errorOutput).toContain(`pid ${supervisor.pid}`);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await stage.status()).toMatchObject({ isActive: true });
  });

  it('brings a good login back, which the next start restores without a QR code; the other one is kept', async () => {
    const good = (await quarantineProfile(stage.paths, 'by hand', new Date('2026-11-22T16:00:00Z'))) ?? '';
    // Another device of the same phone.
    const between = stage.start();
    await between.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/);
    await stage.waitUntilListening();
    await between.stop();
    expect(await restoreProfile('--list')).toMatchObject({ code: 0, output: `${good}\n` });

    const { code, output, errorOutput } = await restoreProfile(good);
    expect({ code, errorOutput }).toEqual({ code: 0, errorOutput: '' });
    expect(output).toContain(`The login ${good} of +${accountNumber} is in place again`);
    const [, replaced = ''] = /in quarantine as (\S+)\.$/m.exec(output) ?? [];
    expect(replaced).toMatch(/-replaced$/);
    expect((await restoreProfile('--list')).output).toBe(`${replaced}\n`);

    const next = stage.start();
    await next.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/);
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true });
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(next.matching(/SCAN QR CODE/)).toEqual([]);
    const events = (await stage.restoreHistory()).map(({ eventType }) => eventType);
    expect(events).toContain('profile_restored');
    expect(existsSync(stage.paths.quarantine)).toBe(true);
  });

  it('brings back what WhatsApp had unlinked, which is tried a bounded number of times and set aside again', async () => {
    const environment = { WASUP_RESTORE_RETRY_DELAY_MS: '200' };
    stage.phone.unlink();
    const relinking = stage.start({ environment });
    await relinking.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/);
    await stage.waitUntilListening();
    await relinking.stop();
    const [dead = ''] = (await restoreProfile('--list')).output.trim().split('\n');
    expect(dead).toMatch(/-unpaired$/);

    const { code, output } = await restoreProfile();
    expect(code).toBe(0);
    expect(output).toContain('If WhatsApp has unlinked that device for good, it will refuse this login');
    const next = stage.start({ environment });
    await next.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/);
    await stage.waitUntilListening();
    expect(next.matching(/Attempt: +\d\/3$/).map((line) => line.trim().slice(-3))).toEqual(['1/3', '2/3', '3/3']);
    expect((await restoreProfile('--list')).output.trim().split('\n')).toHaveLength(2);
  });

  it('says what there is when nothing was ever set aside, or the name is unknown', async () => {
    expect(await restoreProfile('--list')).toMatchObject({
      code: 0,
      output: `No login of +${accountNumber} is in quarantine.\n`,
    });
    expect(await restoreProfile()).toMatchObject({ code: 64 });
    const unknown = await restoreProfile('20261122T160000Z-unpaired');
    expect(unknown.code).toBe(64);
    expect(unknown.errorOutput).toContain('--list');
    // The login that is in place stays there.
    stage.start();
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, restoreCount: 1 });
  });

  function restoreProfile(...words: string[]): Promise<CommandResult> {
    const all = ['restore-profile', accountNumber, ...words, '--sessions-dir', stage.sessionsFolder];
    return runWasup(all, stage.workingDirectory);
  }
});
