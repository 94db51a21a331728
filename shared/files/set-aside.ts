import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How many damaged versions of a file are kept for whoever wants to know what happened. */
const keptVersions = 3;

/**
 * Renames a damaged file to `<name>.damaged-<time>` and removes all but the newest three of these. Never rejects: on a disk that can't
 * be written to, or where the file is a mount of its own, it resolves with false, and the damaged file stays where it is.
 */
export async function setAside(path: string, now: Date): Promise<boolean> {
  const prefix = `${basename(path)}.damaged-`;
  try {
    await rename(path, join(dirname(path), `${prefix}${now.toISOString().replace(/[-:.]/g, '')}`));
  } catch {
    return false;
  }
  await removeAllButNewest(path, prefix);
  return true;
}

async function removeAllButNewest(path: string, prefix: string): Promise<void> {
  try {
    const versions = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
    for (const name of versions.slice(0, -keptVersions)) {
      await rm(join(dirname(path), name), { recursive: true, force: true });
    }
  } catch {
    // They are kept a little longer then: the next damage tries again.
  }
}
