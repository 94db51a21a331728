import { workerExitCodes } from '../shared/exit-codes.js';
import type { Failure } from './machine-types.js';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel has killed a process for want of memory since the worker's last heartbeat. Default: false. */
  readonly memoryRanOut?: boolean;
}

/**
 * How V8 and Node end a process that can't go on, mostly because its heap is full; and how native code ends one that
 * gets no memory.
 */
const crashSignals: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS'];

/**
 * Says what a death without a word means, by its exit code or signal. wasup's own worker tells why it ends before it
 * does (`failure`), so a code alone is the bot's: one that ends its process with 77 has no login refused, and one that
 * does so with 78 no configuration that can't work.
 */
export function failureOfExit({ code, signal, memoryRanOut = false }: WorkerExit): Failure {
  if (signal === 'SIGKILL' && memoryRanOut) {
    return {
      class: 'TRANSIENT',
      reason:
        'The worker was killed by the kernel because the memory of this machine, or of its control group, ran out',
      userAction:
        'Give it more memory, run fewer accounts, or let wasup replace what grows earlier (WASUP_MEMORY_SOFT_LIMIT_MB).',
    };
  }
  if (crashSignals.includes(signal)) {
    return {
      class: 'TRANSIENT',
      reason: `The worker crashed (${signal ?? ''}): its memory was full, or native code has failed`,
      userAction:
        'If the lines above say "out of memory": look for what the bot keeps, or raise WASUP_MEMORY_HARD_LIMIT_MB.',
    };
  }
  if (signal !== null) return { class: 'TRANSIENT', reason: `The worker was killed (${signal})`, userAction: null };
  if (code === workerExitCodes.stopped) {
    return { class: 'TRANSIENT', reason: 'The bot ended its process (exit code 0)', userAction: null };
  }
  const why = "which is none of wasup's (process.exit() in the bot, or Node ended it)";
  return { class: 'BUG', reason: `The worker ended with exit code ${code ?? 'unknown'}, ${why}`, userAction: null };
}
