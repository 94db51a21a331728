import { rm } from 'node:fs/promises';

import { describe, it } from 'vitest';

import { Stage } from '../support/stage.js';

describe('an account whose profile was deleted', () => {
  it('says so before it asks for a new link', async () => {
    const { stage, supervisor } = await Stage.openLinked();
    try {
      await supervisor.stop();
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
