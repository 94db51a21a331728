import { readdir, rm } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { Stage } from '../support/stage.js';

describe('an account whose profile was deleted', () => {
  it('says so before it asks for a new link', async () => {
    const stage = await Stage.openAtRest();
    try {
      await rm(stage.paths.profile, { recursive: true });
      const next = stage.start();
      await next.waitForLine(
        /WARN.*was linked, but its login is gone: there is nothing in .*profile.*link the device anew/,
      );
      await stage.waitUntilListening();
    } finally {
      await stage.close();
    }
  });
});

describe.each(['localStorage', 'indexedDB'] as const)('a profile that has lost its half of the login in %s', (part) => {
  it('is tried as often as an unlinked one, set aside, and followed by a fresh link', async () => {
    const { stage, supervisor } = await Stage.openLinked({}, { environment: { WASUP_RESTORE_RETRY_DELAY_MS: '200' } });
    try {
      await stage.phone.damageProfile(part);
      await supervisor.stop();
      const next = stage.start({ environment: { WASUP_RESTORE_RETRY_DELAY_MS: '200' } });
      await next.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/);
      await stage.waitUntilListening();
      expect(next.matching(/Attempt: +\d\/3$/).map((line) => line.trim().slice(-3))).toEqual(['1/3', '2/3', '3/3']);
      expect(await readdir(stage.paths.quarantine)).toEqual([expect.stringMatching(/-unpaired$/)]);
    } finally {
      await stage.close();
    }
  });
});
