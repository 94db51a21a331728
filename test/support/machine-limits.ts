import type { MachineLimits } from '../../supervisor/machine.js';

/** The documented defaults. */
export const defaultLimits: MachineLimits = {
  maxRestoreAttempts: 3,
  restoreRetryDelayMs: 5_000,
  incompatibleRetryMs: 1_800_000,
  backoffBaseMs: 250,
  backoffCapMs: 60_000,
  stableAfterMs: 10_000,
  maxLoginsPerHour: 60,
  breakerFailures: 10,
  breakerWindowMs: 600_000,
  breakerPauseMs: 300_000,
};
