import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const variable = 'VITEST_RUN_FOLDER';

/** Global setup: a folder that all processes of a run share, and that goes with the run. Each project calls it; the first one makes it. */
export function setup(): (() => Promise<void>) | undefined {
  if (process.env[variable] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'wasup-run-'));
  process.env[variable] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

/** @throws Error where the configuration doesn't name this module as `globalSetup`. */
export function runFolder(): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error('There is no folder of the run: vitest.config.ts names run-folder.ts.');
  return folder;
}
