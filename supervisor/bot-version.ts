import { statSync } from 'node:fs';

/** Which file a worker has loaded its bot from, as it was then. What that file imports isn't looked at. */
export interface BotVersion {
  readonly path: string;
  /** Changes with the file. */
  readonly stamp: string;
}

/** Never throws: a file that can't be read has a version, too, and the worker says what is wrong with it. */
export function readBotVersion(path: string): BotVersion {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return { path, stamp: `${mtimeMs} ${size} ${ino}` };
  } catch {
    return { path, stamp: 'unreadable' };
  }
}

/** Whether the file is another one now, or has changed since. */
export function isOutdated(version: BotVersion, path: string): boolean {
  const now = readBotVersion(path);
  return version.path !== now.path || version.stamp !== now.stamp;
}
