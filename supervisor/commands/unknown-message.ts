import { WasupError } from '../../shared/errors.js';

/** What `wasup messages` ends with when not all was done that it was asked for. */
export const failedExitCode = 1;

/** @param sentences one for each message that was asked for in vain. */
export function unknownMessage(sentences: readonly string[], number: string): WasupError {
  return new WasupError(sentences.join('\n'), {
    remedy: `See which there are: wasup messages ${number}`,
    exitCode: failedExitCode,
  });
}
