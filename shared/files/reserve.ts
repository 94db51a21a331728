import { randomBytes } from 'node:crypto';
import { constants, linkSync, renameSync } from 'node:fs';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { type FileIdentity, identifyFile } from './file-identity.js';
import { unfinishedName } from './unfinished.js';

/** One block of the usual file systems. */
const reserveBytes = 4_096;
/** The kernel counts blocks in so many bytes. */
const blockBytes = 512;
/**
 * Milliseconds in which a file that was replaced is left as it is: a reader that has just opened it may still read it.
 */
const restMs = 250;
/** Milliseconds that the reserve of a file may be with another process. */
const patienceMs = 500;
const stepMs = 20;

/**
 * Lays a block of the disk aside for a file, so that it can be replaced once more when the disk is full. Does nothing
 * where that is done, and nothing where the disk doesn't take it.
 */
export async function layReserve(path: string): Promise<void> {
  const reserve = reserveOf(path);
  if ((await stat(reserve).catch(() => undefined)) !== undefined) return;
  const unfinished = unfinishedName(path);
  try {
    // Zeros are what some file systems keep no block for.
    await writeFile(unfinished, randomBytes(reserveBytes), { flag: 'wx', mode: 0o600, flush: true });
    await rename(unfinished, reserve);
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
}

/**
 * Replaces a file by its reserve, which takes the text into the block that it has: no new block and, where the file
 * system links without one, no new inode is needed. The file that is replaced becomes the next reserve. Readers see the
 * old text or the new one. One process at a time has the reserve.
 *
 * @param texts of which the first that fits into the reserve is written.
 * @param expected when given, the file is replaced only if it is still the one identified.
 * @returns whether it was replaced; undefined where there is no reserve, or one that none of the texts fits into.
 */
export async function replaceByReserve(
  path: string,
  texts: readonly string[],
  expected?: FileIdentity,
): Promise<boolean | undefined> {
  const claimed = unfinishedName(path);
  if (!(await claim(reserveOf(path), claimed))) return undefined;
  try {
    await fill(claimed, texts);
  } catch {
    // The next write that succeeds lays another.
    await rm(claimed, { force: true }).catch(() => undefined);
    return undefined;
  }
  // As in writeFileAtomically: the look and what follows are one turn of the event loop.
  const isExpected = expected === undefined || identifyFile(path) === expected;
  try {
    if (isExpected) exchange(path, claimed);
    else renameSync(claimed, reserveOf(path));
  } catch {
    return undefined;
  }
  // Where the replaced file could not be kept, its block and its inode are free now.
  if (isExpected) await layReserve(path);
  return isExpected;
}

/** A rename is what one process alone succeeds with. */
async function claim(reserve: string, claimed: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += stepMs) {
    const age = await stat(reserve).then(
      ({ ctimeMs }) => Date.now() - ctimeMs,
      () => undefined,
    );
    if (age !== undefined && age >= 0 && age < restMs) await delay(restMs - age);
    const isClaimed = await rename(reserve, claimed).then(
      () => true,
      () => false,
    );
    if (isClaimed) return true;
    await delay(stepMs);
  }
  return false;
}

/** @throws Error for what may not be written over, or would need another block. */
async function fill(path: string, texts: readonly string[]): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { blocks, nlink, size } = await file.stat();
    const capacity = blocks * blockBytes;
    const text = texts.find((candidate) => Buffer.byteLength(candidate) <= capacity);
    if (nlink > 1 || size > capacity || text === undefined) throw new Error('no reserve for this text');
    // Cut to the text it would give its block back.
    const bytes = Buffer.alloc(Math.max(size, Buffer.byteLength(text)), '\n');
    bytes.write(text);
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, 0);
    if (bytesWritten < bytes.length) throw new Error('the reserve has no block of its own');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts the new file in the place of the old one, and the old one in the place of the reserve. */
function exchange(path: string, replacement: string): void {
  const replaced = unfinishedName(path);
  let isKept = true;
  try {
    linkSync(path, replaced);
  } catch {
    // There is no such file, or the file system has no inode for a second name.
    isKept = false;
  }
  renameSync(replacement, path);
  if (isKept) renameSync(replaced, reserveOf(path));
}

function reserveOf(path: string): string {
  return `${path}.reserve`;
}
