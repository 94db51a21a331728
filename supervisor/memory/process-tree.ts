import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { parseProcessStat } from '../browser/process-stat.js';

/** Where a process stands. */
export interface ProcessPlace {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
}

/** Reading so many takes about a millisecond, in which nobody else has a turn. */
const processesPerTurn = 50;

/** Every living process of this machine. Linux only; undefined elsewhere. */
export async function readProcessPlaces(): Promise<readonly ProcessPlace[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const places: ProcessPlace[] = [];
  for (const [index, id] of ids.entries()) {
    if (index % processesPerTurn === processesPerTurn - 1) await nextTurn();
    const place = readPlace(id);
    if (place !== undefined) places.push(place);
  }
  return places;
}

function readPlace(id: number): ProcessPlace | undefined {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${id}/stat`, 'utf8'));
    const isOver = stat.state === 'Z' || stat.state === 'X';
    return isOver ? undefined : { id, parent: stat.parent, group: stat.group };
  } catch {
    // It ended while we looked.
    return undefined;
  }
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
