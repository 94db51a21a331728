import { existsSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Checkout, ownCheckout } from '../support/checkout.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, Stage } from '../support/stage.js';

interface Reloader {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** A source that it watches. */
  readonly source: string;
}

/** It isn't a dependency: one that is installed somewhere is tried, too. */
const nodemon = process.env['NODEMON_PATH'] ?? join(ownCheckout, 'node_modules/.bin/nodemon');

const reloaders: readonly Reloader[] = [
  {
    name: 'node --watch',
    command: [process.execPath, '--watch', '--watch-preserve-output', 'supervisor'],
    source: 'dist/supervisor/main.js',
  },
  { name: 'tsx watch', command: ['node_modules/.bin/tsx', 'watch', 'supervisor/main.ts'], source: 'supervisor/run.ts' },
  ...(existsSync(nodemon) ? [{ name: 'nodemon', command: [nodemon] as const, source: 'supervisor/run.ts' }] : []),
];

/** They know nothing of wasup: whoever is used to one may go on using it. */
describe.each(reloaders)('under $name', ({ command, source }) => {
  it('a change of the sources restarts wasup in order, its own files do not, and nothing is left behind', async () => {
    const stage = await Stage.open({ autoLink: { number: accountNumber } });
    try {
      // Its folder of sessions lies in it, as a user's does.
      const checkout = await Checkout.copyTo(stage.folder, { withBuild: true });
      const reloader = stage.start({ runner: { command, workingDirectory: checkout.folder, hasOwnGroup: true } });
      const before = await stage.waitUntilListening();
      expect((await stage.ask('!ping')).body).toBe('pong');
      await mkdir(join(stage.sessionsFolder, 'of-somebody'));
      await writeFile(join(stage.sessionsFolder, 'of-somebody', 'notes.json'), '{}');
      await writeFile(join(stage.sessionsFolder, 'notes.js'), '');
      // The profile, the status and the history have been written, too.
      expect(reloader.matching(/Supervisor \d+ starts/)).toHaveLength(1);

      // nodemon signals every process below it, the browser's helpers, too.
      await stage.waitUntilLoginIsOnDisk();
      const mark = reloader.mark;
      const savedMs = performance.now();
      await appendFile(join(checkout.folder, source), '\n// Touched.\n');
      await reloader.waitForLine(/Supervisor \d+ starts/, { from: mark });
      const after = await stage.waitUntilListening(before);
      report(command, performance.now() - savedMs);
      expect(after.restoreMode).toBe('cold');
      expect(isAlive(before.workerPid)).toBe(false);
      expect(isAlive(before.browserPid)).toBe(false);
      expect((await stage.ask('!ping')).body).toBe('pong');
      expect(reloader.matching(/Stopped\. Nothing is left running\./, mark)).toHaveLength(1);
      expect(reloader.matching(/Supervisor \d+ starts/)).toHaveLength(2);
      expect(reloader.matching(/SCAN QR CODE/, mark)).toEqual([]);
      expect(stage.phone.status).toMatchObject({ linked: true, links: 1, devices: 1 });

      await reloader.stop('SIGINT');
      await stage.waitUntilNothingRuns(20_000);
    } finally {
      await stage.close();
    }
  }, 120_000);
});

/** For the table of the documentation; nothing is asserted about it. */
function report(command: readonly string[], durationMs: number): void {
  console.info(`${command.join(' ')}: ${Math.round(durationMs)} ms from the save until the session listens again`);
}
