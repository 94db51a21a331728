import type { Alert } from '../shared/alerts.js';
import { describeError, WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { BrowserStartError } from './browser/browser-start-error.js';
import type { Logger } from '../shared/logger.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import type { Failure } from './machine-types.js';

/** wasup goes on by itself, but only a person ends what a bug does again and again. */
const todoByClass: Readonly<Partial<Record<FailureClass, string>>> = {
  BUG: 'If this comes again, it is a bug to mend, most likely in the bot: the lines above say where.',
  AUTH: 'If WhatsApp goes on refusing it, you are asked to link the device anew.',
};

/** The one line that an operator reads at night: what happened, what wasup does, what is left to do. Pure. */
export function failureLine(failure: Failure, next: string): string {
  const todo = failure.userAction ?? todoByClass[failure.class] ?? 'Nothing to do for you.';
  return `${sentence(failure.reason)} ${next} ${sentence(todo)}`;
}

/** Tells it as an error where there is something new for a person to do, though wasup may go on by itself. */
export function tellFailure(log: Logger, failure: Failure, next: string, isNews: boolean): void {
  const level = failure.userAction !== null && isNews ? 'error' : 'warn';
  log[level]({ class: failure.class }, failureLine(failure, next));
}

/** The one line of an alert. A conflict has none of its own: the end of the session follows, and says the same. */
export function tellAlert(log: Logger, alert: Alert, failureClass: FailureClass | null): void {
  if (alert.kind === 'conflict') return;
  const text = alert.action === null ? alert.sentence : `${alert.sentence} ${sentence(alert.action)}`;
  const level = alert.action === null ? 'warn' : 'error';
  log[level]({ alert: alert.kind, ...(failureClass !== null && { class: failureClass }) }, text);
}

/** What a browser that didn't start means for the account. */
export function browserFailure(error: unknown): Failure {
  if (!(error instanceof WasupError)) return { class: 'LOCAL', reason: describeError(error), userAction: null };
  return { class: classOf(error), reason: error.message, userAction: error.remedy };
}

function classOf(error: WasupError): Failure['class'] {
  if (error instanceof BrowserStartError) return error.failureClass;
  return error.exitCode === supervisorExitCodes.configuration ? 'CONFIGURATION' : 'LOCAL';
}

export function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}
