import { readProcessPlaces } from '../../shared/process-places.js';
import { findTree } from './process-tree.js';
import { readAnonymousBytes, readPssBytes } from './read-process-memory.js';

export interface TreeMemory {
  /** PSS of the whole tree. */
  readonly bytes: number;
  /** The part that no process shares. */
  readonly anonymousBytes: number;
  readonly processIds: readonly number[];
}

/**
 * Measures the trees of these processes. Those that end meanwhile don't count. One process after the other: nobody waits
 * for the result, and others may need the threads.
 *
 * @returns undefined where memory can't be measured (not Linux, no permission), or nothing of the trees lives.
 */
export async function readTreeMemory(roots: readonly number[]): Promise<TreeMemory | undefined> {
  const places = await readProcessPlaces();
  if (places === undefined) return undefined;
  const processIds: number[] = [];
  let bytes = 0;
  let anonymousBytes = 0;
  let isReadable = false;
  for (const id of findTree(roots, places)) {
    const anonymous = readAnonymousBytes(id);
    if (anonymous === undefined) continue;
    const pss = await readPssBytes(id);
    isReadable ||= pss !== undefined;
    processIds.push(id);
    anonymousBytes += anonymous;
    // Some kernels don't let an ordinary user look into a renderer in Chromium's sandbox. Most of what it has is its own.
    bytes += pss ?? anonymous;
  }
  return isReadable ? { bytes, anonymousBytes, processIds } : undefined;
}
