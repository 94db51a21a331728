import { readdir } from 'node:fs/promises';

import { readProcessStat } from '../browser/process-stat.js';

/** Where a process stands. */
export interface ProcessPlace {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
}

/** Every living process of this machine. Linux only; undefined elsewhere. */
export async function readProcessPlaces(): Promise<readonly ProcessPlace[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const entries = await readdir('/proc');
  const places: ProcessPlace[] = [];
  for (const id of entries.filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    // One after the other: thousands at once would keep the thread pool from everybody else's files.
    const stat = await readProcessStat(id);
    if (stat !== undefined && stat.state !== 'Z' && stat.state !== 'X') {
      places.push({ id, parent: stat.parent, group: stat.group });
    }
  }
  return places;
}

/**
 * The roots that live, the processes of their groups, and all that descend from these. Pure. Chromium's crash handlers leave
 * group and tree; two of them take 3 MB together and are not looked for.
 */
export function findTree(roots: readonly number[], places: readonly ProcessPlace[]): number[] {
  const children = new Map<number, number[]>();
  for (const { id, parent } of places) children.set(parent, [...(children.get(parent) ?? []), id]);
  const tree = new Set<number>();
  const pending = places.filter(({ id, group }) => roots.includes(id) || roots.includes(group)).map(({ id }) => id);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (tree.has(id)) continue;
    tree.add(id);
    pending.push(...(children.get(id) ?? []));
  }
  return [...tree].sort((left, right) => left - right);
}
