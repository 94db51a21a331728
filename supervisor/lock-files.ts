import { randomBytes } from 'node:crypto';
import { link, lstat, open, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { unfinishedSuffix } from '../shared/files/unfinished.js';
import { type LockContent, parseLockContent, releasedText } from './lock-holder.js';

/** One of a folder's `.lock.<n>` files. */
export interface LockFile {
  readonly generation: number;
  readonly content: LockContent;
  /** When it was last touched, by the clock of its disk. */
  readonly touchedMs: number;
}

/** The lock file with the highest number; undefined when there is none. */
export async function readHighest(directory: string): Promise<LockFile | undefined> {
  const generation = await highestIn(directory);
  return generation === 0 ? undefined : readLockFile(directory, generation);
}

export async function highestIn(directory: string): Promise<number> {
  return Math.max(0, ...generationsIn(await readdir(directory)));
}

export async function readLockFile(directory: string, generation: number): Promise<LockFile> {
  const path = pathOf(directory, generation);
  try {
    const [text, { ctimeMs, mtimeMs }] = await Promise.all([readFile(path, 'utf8'), lstat(path)]);
    const content = text === '' && mtimeMs === 0 ? 'released' : parseLockContent(text);
    // The change time is the disk's own clock; the modification time is what the clock of the toucher said.
    return { generation, content, touchedMs: ctimeMs };
  } catch (error) {
    // A higher one has come meanwhile, and this one was removed: whoever takes the next number will find that.
    if (isCode(error, 'ENOENT')) return { generation, content: 'released', touchedMs: 0 };
    throw error;
  }
}

/** Makes a lock file for one process alone; resolves with whether it was this one. */
export async function claim(directory: string, generation: number, text: string): Promise<boolean> {
  const path = pathOf(directory, generation);
  const prepared = preparedPath(directory);
  try {
    await writeFile(prepared, text, { flag: 'wx', mode: 0o600 });
    // Whole from its first moment on.
    await link(prepared, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    if (isCode(error, 'ENOSPC', 'EDQUOT', ...withoutLinks)) return await claimInPlace(path, text);
    throw error;
  } finally {
    await rm(prepared, { force: true });
  }
}

/** What file systems say that have no hard links. */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** A full disk has room for an empty file, mostly: without a name in it, others judge it by its touches. */
async function claimInPlace(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(text).catch(() => file.truncate(0).catch(() => undefined));
    await file.close();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

export async function touch(directory: string, generation: number): Promise<'touched' | 'gone' | 'unknown'> {
  const now = new Date();
  return utimes(pathOf(directory, generation), now, now).then(
    () => 'touched',
    (error: unknown) => (isCode(error, 'ENOENT') ? 'gone' : 'unknown'),
  );
}

/** Marks it as given back, by what it says or, on a full disk, by its time. */
export async function markReleased(directory: string, generation: number): Promise<void> {
  const prepared = preparedPath(directory);
  try {
    await writeFile(prepared, releasedText, { flag: 'wx', mode: 0o600 });
    await rename(prepared, pathOf(directory, generation));
  } catch {
    await rm(prepared, { force: true }).catch(() => undefined);
    await utimes(pathOf(directory, generation), 0, 0).catch(() => undefined);
  }
}

export async function remove(directory: string, generation: number): Promise<void> {
  await rm(pathOf(directory, generation), { force: true });
}

export async function removeBelow(directory: string, generation: number): Promise<void> {
  const lower = generationsIn(await readdir(directory)).filter((other) => other < generation);
  for (const other of lower) await remove(directory, other).catch(() => undefined);
}

/** The disk's own clock: that of a shared disk needn't agree with ours. */
export async function diskTimeMs(directory: string): Promise<number> {
  const probe = preparedPath(directory);
  await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
  const { ctimeMs } = await lstat(probe);
  await rm(probe, { force: true });
  return ctimeMs;
}

function generationsIn(names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const [, digits] = /^\.lock\.([1-9]\d{0,14})$/.exec(name) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function pathOf(directory: string, generation: number): string {
  return join(directory, `.lock.${generation}`);
}

function preparedPath(directory: string): string {
  return join(directory, `.lock.${randomBytes(6).toString('hex')}${unfinishedSuffix}`);
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
