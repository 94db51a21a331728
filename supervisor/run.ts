import { describeError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { Output } from '../shared/logger.js';
import { withDeadline } from '../shared/with-deadline.js';
import { claimSessionsFolder } from './control/claim-sessions-folder.js';
import { openControl } from './control/open-control.js';
import { presentSupervisor } from './control/present-supervisor.js';
import { Supervisor } from './supervisor.js';
import { watchSources } from './watch-sources.js';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly output: Output;
  /** Restart workers when their sources change, and wait for the next change when the bot can't be loaded. */
  readonly development?: boolean;
  /** Called when the accounts are being started. */
  readonly onStart?: (supervisor: Supervisor) => void;
}

/**
 * The supervisor's life: from start to the last process gone.
 *
 * @returns the exit code. 0 after SIGINT or SIGTERM, 78 when no account can work with this configuration, 73 when another
 * supervisor runs them all.
 * @throws WasupError when it can't start at all.
 */
export async function run({ configuration, output, development = false, onStart }: RunOptions): Promise<number> {
  const { log } = output;
  const { sessionsDirectory } = configuration;
  const claimed = await claimSessionsFolder(sessionsDirectory, log);
  const supervisor = await Supervisor.prepare(configuration, output).catch(async (error: unknown) => {
    await claimed.close();
    throw error;
  });
  const ended = new Promise<number>((resolve) => {
    const end = (code: number, why: string): void => {
      log.info(`${why}: stopping. Once more kills everything at once.`);
      withDeadline(supervisor.stop(), configuration.stopTimeoutMs + stopReserveMs, 'The stop').then(
        () => resolve(code),
        (error: unknown) => {
          log.error(`The stop failed: ${describeError(error)}; killing what is left.`);
          supervisor.kill();
          resolve(supervisorExitCodes.bug);
        },
      );
    };
    endOnSignals(
      (signal) => end(supervisorExitCodes.stopped, signal),
      () => supervisor.kill(),
    );
    if (!development) endWhenNothingCanWork(supervisor, (code) => end(code, 'Nothing can run'));
  });
  // Accounts that wait for a person have no process, no pipe and no timer that would keep this one alive.
  const keepAlive = setInterval(() => undefined, keepAliveIntervalMs);
  // Before the start: the metrics count from here on.
  const control = await openControl(presentSupervisor(supervisor, sessionsDirectory), claimed, configuration, log);
  onStart?.(supervisor);
  await supervisor.start().catch(async (error: unknown) => {
    clearInterval(keepAlive);
    await supervisor.stop();
    await control.close();
    await claimed.close();
    throw error;
  });
  const watcher = development ? watchSources(supervisor, configuration, log) : undefined;
  const code = await ended;
  clearInterval(keepAlive);
  await Promise.all([watcher?.close(), control.close()]);
  // Last: until here another supervisor would meet what this one is stopping.
  await claimed.close();
  log.info('Stopped. Nothing is left running.');
  return code;
}

const keepAliveIntervalMs = 3_600_000;
/** What a stop may take beyond its steps' own deadlines; they add up to less than the configured time. */
const stopReserveMs = 3_000;
/** A stop whose processes have been killed ends by itself; after this the supervisor goes without it. */
const killTimeoutMs = 3_000;

function endOnSignals(end: (signal: string) => void, kill: () => void): void {
  let signalled = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!signalled) {
        signalled = true;
        end(signal);
        return;
      }
      kill();
      setTimeout(() => process.exit(supervisorExitCodes.stopped), killTimeoutMs).unref();
    });
  }
}

/** Configuration errors of every account at the start: nothing to wait for, and whoever started us should hear it. */
function endWhenNothingCanWork(supervisor: Supervisor, end: (code: number) => void): void {
  let ending = false;
  for (const account of supervisor.accounts) {
    account.on('state', () => {
      const hopeless = supervisor.accounts.every(
        ({ machine }) => machine.state === 'failed' && machine.failure?.class === 'CONFIGURATION',
      );
      if (!hopeless || ending) return;
      ending = true;
      const held = supervisor.accounts.every(({ isHeldByAnother }) => isHeldByAnother);
      end(held ? supervisorExitCodes.alreadyRunning : supervisorExitCodes.configuration);
    });
  }
}
