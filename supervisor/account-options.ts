import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { Logger } from '../shared/logger.js';
import type { LaunchSurroundings } from './browser/launch-surroundings.js';
import type { StandbyPool } from './standby-pool.js';
import type { StartGate } from './start-gate.js';

export interface AccountOptions {
  readonly number: string;
  /** The account's own, filled form. */
  readonly configuration: Configuration;
  readonly executablePath: string;
  readonly surroundings: Promise<LaunchSurroundings>;
  readonly gate: StartGate;
  readonly standby: StandbyPool;
  readonly log: Logger;
}
