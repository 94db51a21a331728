import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { parseProcessStat } from './process-stat.js';

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
