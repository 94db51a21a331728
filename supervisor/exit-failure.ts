import { workerExitReason } from '../shared/exit-codes.js';
import type { Failure } from './machine-types.js';

/** What a death without a word means, by its exit code or signal. */
export function failureOfExit({ code, signal }: { code: number | null; signal: string | null }): Failure {
  if (signal !== null) return { class: 'TRANSIENT', reason: `The worker was killed (${signal})`, userAction: null };
  const reason = `The worker ended with exit code ${code ?? 'unknown'}`;
  switch (workerExitReason(code)) {
    case 'stopped':
      return {
        class: 'TRANSIENT',
        reason: 'The worker ended by itself with exit code 0 (process.exit() in the bot, or somebody sent SIGTERM)',
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
