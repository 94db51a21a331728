import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What SQLite's files of a database are called after its own name. */
export const companions: readonly string[] = ['', '-wal', '-shm'];
/** How many damaged versions are kept for whoever wants to know what happened. */
const keptVersions = 3;

/**
 * Renames the file and its companions to `<name>.damaged-<time>`, and removes all but the newest three of these.
 *
 * @param which of its files.
 * @returns the new name.
 */
export function setInboxAside(path: string, now: Date, which = companions): string {
  const prefix = `${basename(path)}.damaged-`;
  const aside = join(dirname(path), `${prefix}${now.toISOString().replace(/[-:.]/g, '')}`);
  for (const companion of which) {
    try {
      renameSync(`${path}${companion}`, `${aside}${companion}`);
    } catch (error) {
      // SQLite had removed the others.
      if (companion === '') throw error;
    }
  }
  try {
    const versions = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name));
    for (const version of versions.sort().slice(0, -keptVersions)) {
      for (const companion of companions) rmSync(join(dirname(path), `${version}${companion}`), { force: true });
    }
  } catch {
    // They are kept a little longer then: the next damage tries again.
  }
  return aside;
}
