import type { HangReport, StackLimits } from '../shared/protocol/hang-report.js';

/** What the guard thread is given. */
export interface GuardOrders {
  /** Process id of the supervisor. */
  readonly parent: number;
  readonly longestPollMs: number;
  /** From the death of the supervisor to the end of this process. */
  readonly graceMs: number;
  /** First how often the main thread has shown that it turns, then for how many ms it may stand still. Shared memory. */
  readonly beats: Int32Array;
  readonly hangDescriptor: number;
  /** The program of the thread that takes the stack of the main one: {@link takeMainStack}. */
  readonly stackSource: string;
  readonly stackLimits: StackLimits;
}

/**
 * The guard thread's whole program: it stands on its own, see {@link sourceOf}. The stack is taken by a thread of its own, so
 * that nothing that happens there keeps this one from ending the process.
 */
export function guardMainThread(
  { Worker, workerData }: typeof import('node:worker_threads'),
  { writeSync }: typeof import('node:fs'),
): void {
  /** In the time in which the main thread may stand still. */
  const looksPerStall = 5;
  /**
   * A thread that is ended while its debugger lets go of the main one can abort the whole process (measured with Node 20.20: 4 of 260 when it
   * is ended at once, none of 360 after 300 ms). One that has not got at the main thread yet is left alone for the same reason.
   */
  const settleMs = 1_000;
  const { parent, longestPollMs, graceMs, beats, hangDescriptor, stackSource, stackLimits } = workerData as GuardOrders;
  let seenBeat = Atomics.load(beats, 0);
  let stalledMs = 0;
  let lookedAt = performance.now();
  let reported = false;
  lookLater();

  function lookLater(): void {
    const pollMs = Math.min(longestPollMs, Atomics.load(beats, 1) / looksPerStall);
    setTimeout(() => look(pollMs), pollMs);
  }

  function look(pollMs: number): void {
    if (process.ppid !== parent) {
      endAfter(graceMs, performance.now());
      return;
    }
    const now = performance.now();
    const beat = Atomics.load(beats, 0);
    // What this thread stood still as well (SIGSTOP, a suspended machine) is not the main thread's.
    const passedMs = Math.min(now - lookedAt, 2 * pollMs);
    stalledMs = beat === seenBeat ? stalledMs + passedMs : 0;
    if (beat !== seenBeat) reported = false;
    seenBeat = beat;
    lookedAt = now;
    const stallMs = Atomics.load(beats, 1);
    if (stalledMs >= stallMs && !reported) {
      reported = true;
      takeStack(stallMs);
    }
    lookLater();
  }

  /** However long it was since the last look, no more than 100 ms of it were the main thread's: the machine may have stood still. */
  function endAfter(leftMs: number, before: number): void {
    if (leftMs <= 0) {
      killOwnGroup();
      return;
    }
    setTimeout(
      () => {
        const now = performance.now();
        endAfter(leftMs - Math.min(now - before, 100), now);
      },
      Math.min(leftMs, 50),
    );
  }

  /** With whatever the bot has started; a worker leads its own group. */
  function killOwnGroup(): void {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  }

  function takeStack(patienceMs: number): void {
    const stalledBeat = seenBeat;
    let isOver = false;
    const thread = new Worker(stackSource, { eval: true, workerData: stackLimits, execArgv: [], env: {} });
    const giveUp = setTimeout(() => report([]), patienceMs);
    thread.once('message', (frames: HangReport['frames']) => {
      report(frames);
      setTimeout(() => void thread.terminate(), settleMs);
    });
    thread.on('error', () => report([]));

    function report(frames: HangReport['frames']): void {
      clearTimeout(giveUp);
      if (isOver) return;
      isOver = true;
      // It was only slow, and what was seen may be of something later.
      if (Atomics.load(beats, 0) !== stalledBeat) return;
      const line: HangReport = { stalledMs: Math.round(stalledMs), frames };
      try {
        writeSync(hangDescriptor, `${JSON.stringify(line)}\n`);
      } catch {
        // Nobody reads it: the supervisor is gone, and the next look ends this process.
      }
    }
  }
}
