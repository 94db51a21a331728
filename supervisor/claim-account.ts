import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Logger } from '../shared/logger.js';
import { type AccountLock, acquireAccountLock } from './account-lock.js';
import type { Failure } from './machine-types.js';
import { browserFailure } from './tell-failure.js';

const takenOver: Failure = {
  class: 'CONFIGURATION',
  reason: 'Another process has taken this account over while this one was away',
  userAction: 'Look which supervisors run on this folder, and stop all but one.',
};

export type Claim = { readonly lock: AccountLock } | { readonly refused: Failure };

/**
 * Takes the account's lock, or says who has it.
 *
 * @param onLost another process has taken the account over while this one was away.
 * @throws WasupError when the account's folder can't be made or written.
 */
export async function claimAccount(directory: string, log: Logger, onLost: (failure: Failure) => void): Promise<Claim> {
  try {
    const lock = await acquireAccountLock(directory, {
      onWait: (sentence) => log.info(sentence),
      onLost: () => onLost(takenOver),
    });
    return { lock };
  } catch (error) {
    if (!(error instanceof WasupError) || error.exitCode !== supervisorExitCodes.alreadyRunning) throw error;
    return { refused: { ...browserFailure(error), class: 'CONFIGURATION' } };
  }
}
