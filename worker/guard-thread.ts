import { Worker } from 'node:worker_threads';

import { hangDescriptor, leastStallMs, stackLimits } from '../shared/protocol/hang-report.js';
import { guardMainThread, type GuardOrders } from './guard-main-thread.js';
import { sourceOf } from './source-of.js';
import { takeMainStack } from './take-main-stack.js';

/** How often the guard looks for the parent. With the grace and the kill itself below the second that is promised. */
const longestPollMs = 250;
/** For a main thread that turns: it has to write down that nobody listens any more, also on a busy disk. */
const graceMs = 500;
/** While modules and the bot load: they may well keep the thread for seconds on a busy machine. */
const stallWhileStartingMs = 5_000;
/**
 * Taking the stack may last as long again. Both together are over before the silence is: that began with the last heartbeat, up
 * to an interval before the main thread stood still.
 */
const stallPerTimeout = 1 / 3;
/** The main thread shows that it turns so many times in the time that it may stand still. */
const beatsPerStall = 5;
const longestBeatIntervalMs = 500;

export interface GuardThread {
  /** From now on silence of so many ms ends this process: a part of it is enough to say where the main thread hangs. */
  expectHeartbeats(timeoutMs: number): void;
}

/**
 * Ends this process once its supervisor has died, whatever the main thread does. One that turns sees IPC `disconnect`
 * and ends it sooner; one that hangs never does, but this thread sees the parent's pid change. It also sees when the main
 * thread hangs, and tells the supervisor where.
 */
export function startGuardThread(): GuardThread {
  const beats = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  let beat: NodeJS.Timeout | undefined;
  const reportAfter = (stallMs: number): void => {
    Atomics.store(beats, 1, stallMs);
    Atomics.add(beats, 0, 1);
    clearInterval(beat);
    const intervalMs = Math.min(longestBeatIntervalMs, stallMs / beatsPerStall);
    beat = setInterval(() => Atomics.add(beats, 0, 1), intervalMs).unref();
  };
  reportAfter(stallWhileStartingMs);
  const orders: GuardOrders = {
    parent: process.ppid,
    longestPollMs,
    graceMs,
    beats,
    hangDescriptor,
    stackSource: sourceOf(takeMainStack, 'worker_threads', 'inspector'),
    stackLimits,
  };
  const thread = new Worker(sourceOf(guardMainThread, 'worker_threads', 'fs'), {
    eval: true,
    workerData: orders,
    // Neither loaders nor secrets: it runs nothing but its own lines.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  thread.unref();
  return {
    expectHeartbeats: (timeoutMs) => reportAfter(Math.max(leastStallMs, Math.round(timeoutMs * stallPerTimeout))),
  };
}
