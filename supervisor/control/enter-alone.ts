import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { unfinishedSuffix } from '../../shared/files/unfinished.js';
import { knock } from './knock.js';
import { controlSocketName, type SocketFolder } from './socket-address.js';

const startingSuffix = '.starting';
/** Who is inside looks at one file and writes another: milliseconds. */
const waitForRivalMs = 5_000;
/** Rivals that have met wait for different times. */
const retryWithinMs = 40;
/** A socket that is bound and not listened on yet can't be told from one that was left behind, but by its age. */
const leftoverAgeMs = 60_000;

/** A socket of ours that listens, under a name that nobody else looks for. */
export function ownSocketName(): string {
  return `${controlSocketName}.${process.pid}.${randomBytes(4).toString('hex')}${unfinishedSuffix}`;
}

/** As long as any of the names in use here. */
export const longestOwnName = `${controlSocketName}.4194304.00000000${unfinishedSuffix}`;

export interface Rival {
  readonly pid: number;
}

/**
 * Does the work while no other process does so in this folder.
 *
 * Whoever wants in shows a socket of its own that already listens, and then looks for those of others. Of two that show
 * theirs, at least one sees the other, and who sees a living one steps back: never two are inside. Whether somebody
 * lives is what the kernel says, so that a killed process keeps nobody out, and a stopped one does.
 *
 * @param ownSocket see {@link ownSocketName}; it must listen.
 * @param beforeWaiting called each time a rival is in the way, to end the wait by throwing.
 * @returns the work's result, or the rival that didn't come out within five seconds.
 */
export async function enterAlone<Result>(
  directory: string,
  folder: SocketFolder,
  ownSocket: string,
  work: () => Promise<Result>,
  beforeWaiting: () => Promise<void>,
): Promise<{ readonly result: Result } | { readonly rival: Rival }> {
  const begin = performance.now();
  for (;;) {
    const shown = ownSocketName().replace(unfinishedSuffix, startingSuffix);
    linkSync(join(directory, ownSocket), join(directory, shown));
    let rival: Rival | undefined;
    try {
      rival = await findRival(directory, folder, shown);
      if (rival === undefined) {
        removeLeftovers(directory);
        return { result: await work() };
      }
    } finally {
      rmSync(join(directory, shown), { force: true });
    }
    await beforeWaiting();
    if (performance.now() - begin > waitForRivalMs) return { rival };
    await delay(1 + Math.random() * retryWithinMs);
  }
}

/** Only for who is alone, the sockets of the dead are certain to be nobody's; they are removed on the way. */
async function findRival(directory: string, folder: SocketFolder, shown: string): Promise<Rival | undefined> {
  const others = readdirSync(directory).filter((name) => name !== shown && isStarting(name));
  const dead: string[] = [];
  for (const name of others) {
    const answer = await knock(folder.address(name));
    if (answer === 'dead') dead.push(name);
    else if (answer !== 'missing') return { pid: Number(name.split('.')[3]) };
  }
  for (const name of dead) rmSync(join(directory, name), { force: true });
  return undefined;
}

function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${controlSocketName}.`) || !name.endsWith(unfinishedSuffix)) continue;
    const path = join(directory, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isSocket() === true && Date.now() - stats.ctimeMs > leftoverAgeMs) rmSync(path, { force: true });
  }
}

function isStarting(name: string): boolean {
  return name.startsWith(`${controlSocketName}.`) && name.endsWith(startingSuffix);
}
