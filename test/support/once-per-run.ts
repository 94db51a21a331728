import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runFolder } from './run-folder.js';
import { until } from './until.js';

/**
 * Makes a folder once in a run of the tests, in the process that needs it first; the others wait for it. It goes with the run.
 *
 * @param make fills the folder. What fails is tried anew by the next that asks.
 */
export async function oncePerRun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(runFolder(), name);
  const draft = `${folder}.draft`;
  return until(
    async () => {
      if (await isThere(folder)) return folder;
      if (!(await claim(draft))) return undefined;
      try {
        // Finished between the look and the claim.
        if (await isThere(folder)) return folder;
        await make(draft);
        await rename(draft, folder);
        return folder;
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    },
    { expectation: () => `"${name}", which another process of this run makes` },
  );
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** One process alone makes it. */
async function claim(draft: string): Promise<boolean> {
  try {
    await mkdir(draft);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
