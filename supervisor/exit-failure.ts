import { workerExitReason } from '../shared/exit-codes.js';
import type { Failure } from './machine-types.js';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel has killed a process for want of memory since the worker's last heartbeat. Default: false. */
  readonly memoryRanOut?: boolean;
}

/** How V8 and Node end a process that can't go on, mostly because its heap is full; and how native code ends one that gets no memory. */
const crashSignals: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS'];

/** What a death without a word means, by its exit code or signal. */
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
  const reason = `The worker ended with exit code ${code ?? 'unknown'}`;
  switch (workerExitReason(code)) {
    case 'stopped':
      return {
        class: 'TRANSIENT',
        reason: 'The bot ended its process (exit code 0)',
        userAction: null,
      };
    case 'network':
      return { class: 'NETWORK', reason, userAction: null };
    case 'browserLost':
      return { class: 'LOCAL', reason, userAction: null };
    case 'loggedOut':
      return { class: 'AUTH', reason, userAction: null };
    case 'transient':
      return { class: 'TRANSIENT', reason, userAction: null };
    case 'configuration':
      return {
        class: 'CONFIGURATION',
        reason,
        userAction: 'Look at the lines above; mend the configuration or the bot.',
      };
    case 'bug':
      return { class: 'BUG', reason, userAction: null };
    case undefined:
      return {
        class: 'BUG',
        reason: `${reason}, which is none of wasup's (process.exit() in the bot, or Node ended it)`,
        userAction: null,
      };
  }
}
