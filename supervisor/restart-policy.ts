import type { FailureClass, SessionMode } from '../shared/protocol/messages.js';

/** What to do after a worker life has ended by itself. */
export type RestartDecision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly mode: SessionMode; readonly freshBrowser: boolean }
  /** Nobody linked the device; a person has to ask for it again. */
  | { readonly action: 'needs-link' }
  /** A restart can't help; a person has to change something. */
  | { readonly action: 'fail' };

export interface RestartCircumstances {
  readonly class: FailureClass;
  readonly mode: SessionMode;
  /** Lives in a row that ended before they had been listening for {@link RestartLimits.stableAfterMs}, this one included. */
  readonly failures: number;
  /** Restores in a row that WhatsApp answered with "not linked", this one included if it was one. */
  readonly authFailures: number;
}

export interface RestartLimits {
  readonly maxRestoreAttempts: number;
  readonly restoreRetryDelayMs: number;
}

/** A life that listened for so long proves that the next failure is a new one. */
export const stableAfterMs = 10_000;
/** Bugs that come back as often as this aren't cured by restarting. */
export const maxBugRestarts = 20;
const backoffBaseMs = 250;
const backoffCapMs = 60_000;

/**
 * Decides by the class of the failure. Pure.
 *
 * @param random between 0 and 1; spreads delays over the upper half of their range, so that many accounts that
 * lost the same network don't come back in the same moment.
 */
export function decideRestart(
  circumstances: RestartCircumstances,
  limits: RestartLimits,
  random: number,
): RestartDecision {
  const { mode, failures } = circumstances;
  const delayMs = backoffMs(failures, random);
  switch (circumstances.class) {
    case 'NETWORK':
      return { action: 'restart', delayMs: backoffMs(failures + 2, random), mode, freshBrowser: false };
    case 'TRANSIENT':
      return { action: 'restart', delayMs, mode, freshBrowser: false };
    case 'LOCAL':
      return { action: 'restart', delayMs, mode, freshBrowser: true };
    case 'BUG':
    case 'INCOMPATIBLE':
      if (failures > maxBugRestarts) return { action: 'fail' };
      return { action: 'restart', delayMs, mode, freshBrowser: false };
    case 'AUTH':
      if (mode === 'restore' && circumstances.authFailures < limits.maxRestoreAttempts) {
        return { action: 'restart', delayMs: limits.restoreRetryDelayMs, mode, freshBrowser: false };
      }
      // At once after a restore: a person may be at hand. A link that ends this way again and again is none of theirs.
      return { action: 'restart', delayMs: mode === 'restore' ? 0 : delayMs, mode: 'link', freshBrowser: false };
    case 'TERMINAL':
      return mode === 'link' ? { action: 'needs-link' } : { action: 'fail' };
    case 'CONFIGURATION':
      return { action: 'fail' };
  }
}

/** Nothing before the first restart, then doubling from 250 ms to a minute, spread over the upper half. */
export function backoffMs(failures: number, random: number): number {
  if (failures <= 1) return 0;
  const ceiling = Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 2));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
