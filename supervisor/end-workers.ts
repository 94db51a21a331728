import { setTimeout as delay } from 'node:timers/promises';

import { isStillRunning, type ProcessIdentity, signalStillRunning } from '../shared/process-stat.js';

/** What a worker without its supervisor needs to write down that nobody listens any more, on a busy machine. */
const terminateMs = 2_000;
const killMs = 2_000;
const lookIntervalMs = 20;

/**
 * Ends workers that are not our children: SIGTERM, and SIGCONT for one that was stopped, then SIGKILL.
 *
 * @returns the ids of those that are still there.
 */
export async function endWorkers(workers: readonly ProcessIdentity[]): Promise<number[]> {
  const left = await Promise.all(workers.map(async (worker) => ((await end(worker)) ? [] : [worker.pid])));
  return left.flat();
}

async function end(worker: ProcessIdentity): Promise<boolean> {
  signalStillRunning(worker, 'SIGTERM');
  signalStillRunning(worker, 'SIGCONT');
  if (await isGoneWithin(worker, terminateMs)) return true;
  signalStillRunning(worker, 'SIGKILL');
  return isGoneWithin(worker, killMs);
}

/** There is no exit to wait for: it is another process' child. */
async function isGoneWithin(worker: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const begin = performance.now();
  while (isStillRunning(worker)) {
    if (performance.now() - begin > timeoutMs) return false;
    await delay(lookIntervalMs);
  }
  return true;
}
