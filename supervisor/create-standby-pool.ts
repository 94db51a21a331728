import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { Logger } from '../shared/logger.js';
import { environmentForWorkers } from './environment-for-children.js';
import { workerEnvironment } from './find-orphan-workers.js';
import { StandbyPool } from './standby-pool.js';
import { spawnWorker } from './start-account-worker.js';

/** The machine's standby, of real processes. */
export function createStandbyPool(configuration: () => Configuration, log: Logger): StandbyPool {
  const { standby, sessionsDirectory } = configuration();
  return new StandbyPool({
    isEnabled: standby,
    spawn: (options) =>
      spawnWorker({
        ...options,
        rehearse: true,
        memoryLimitMb: configuration().memoryHardLimitMb,
        environment: workerEnvironment(sessionsDirectory, environmentForWorkers(process.env, process.stdout)),
      }),
    startTimeoutMs: () => configuration().workerStartTimeoutMs,
    log,
  });
}
