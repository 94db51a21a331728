import { describeError, WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Failure } from './machine-types.js';

/** The one line that an operator reads at night: what happened, what wasup does, what is left to do. Pure. */
export function failureLine(failure: Failure, next: string): string {
  const todo = failure.userAction ?? 'Nothing to do for you.';
  return `${sentence(failure.reason)} ${next} ${sentence(todo)}`;
}

/** What a browser that didn't start means for the account. */
export function browserFailure(error: unknown): Failure {
  if (!(error instanceof WasupError)) return { class: 'LOCAL', reason: describeError(error), userAction: null };
  const failureClass = error.exitCode === supervisorExitCodes.configuration ? 'CONFIGURATION' : 'LOCAL';
  return { class: failureClass, reason: error.message, userAction: error.remedy };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
