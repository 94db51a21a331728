import { backoffMs, type BackoffLimits } from '../shared/backoff.js';
import type { FailureClass, SessionMode } from '../shared/protocol/messages.js';

/** What to do after a worker life has ended by itself. */
export type RestartDecision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly mode: SessionMode; readonly freshBrowser: boolean }
  /** Nobody linked the device, or WhatsApp would not have it; a person has to ask for it again. */
  | { readonly action: 'needs-link' }
  /** A restart can't help; a person has to change something. */
  | { readonly action: 'fail' };

export interface RestartCircumstances {
  readonly class: FailureClass;
  readonly mode: SessionMode;
  /**
   * Failures of this class in a row, this one included: each class has a counter of its own. For AUTH only attempts
   * count that WhatsApp answered with "not linked"; a session that is unlinked while it listens has count 0.
   */
  readonly count: number;
  /** The worker said so itself; a kill or a crash says nothing about page or browser. */
  readonly reported: boolean;
}

export interface RestartLimits extends BackoffLimits {
  readonly maxRestoreAttempts: number;
  readonly restoreRetryDelayMs: number;
  readonly incompatibleRetryMs: number;
}

/**
 * The classes that restarts are meant to cure, and for which the breaker opens when they don't. The others have limits of their
 * own: an outage of the network lasts as long as it lasts, WhatsApp may refuse a login so many times, and so on.
 */
export const breakerClasses: ReadonlySet<FailureClass> = new Set(['TRANSIENT', 'LOCAL', 'BUG']);

/** What a fresh page hasn't cured so often, a fresh browser may. */
export const failuresPerBrowser = 3;

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
  const { mode, count } = circumstances;
  const again = (delayMs: number, freshBrowser = false): RestartDecision => {
    return { action: 'restart', delayMs, mode, freshBrowser };
  };
  switch (circumstances.class) {
    case 'NETWORK':
      return again(backoffMs(count + 2, random, limits));
    case 'TRANSIENT':
      return again(backoffMs(count, random, limits), circumstances.reported && count % failuresPerBrowser === 0);
    case 'LOCAL':
      return again(backoffMs(count, random, limits), true);
    // A bot's database may be away for a while; the breaker sees to it that nobody restarts for ever.
    case 'BUG':
      return again(backoffMs(count, random, limits));
    case 'INCOMPATIBLE':
      // Once more soon: a page that was being replaced by its next version lacks parts for a moment, too.
      return again(count <= 1 ? limits.restoreRetryDelayMs : limits.incompatibleRetryMs);
    case 'AUTH':
      if (count < limits.maxRestoreAttempts) return again(limits.restoreRetryDelayMs);
      if (mode === 'link') return { action: 'needs-link' };
      // At once: a person may be at hand.
      return { action: 'restart', delayMs: 0, mode: 'link', freshBrowser: true };
    case 'TERMINAL':
      return mode === 'link' ? { action: 'needs-link' } : { action: 'fail' };
    case 'CONFIGURATION':
      return { action: 'fail' };
  }
}
