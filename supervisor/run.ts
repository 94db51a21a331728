import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import type { Logger, Output } from '../shared/logger.js';
import { keepSecret } from '../shared/secrets.js';
import { within } from '../shared/within.js';
import { withDeadline } from '../shared/with-deadline.js';
import { announceAccounts } from './announce-accounts.js';
import { checkFolder } from './check-folder.js';
import { claimSessionsFolder, type ClaimedFolder } from './control/claim-sessions-folder.js';
import { openControl } from './control/open-control.js';
import type { FolderWatch } from './development/watch-folders.js';
import { enterOwnHome, type Home } from './home.js';
import { fairClock } from './fair-clock.js';
import { isInTerminal } from './is-in-terminal.js';
import { longestStopMs } from './stop-budget.js';
import { assertAccounts, type Recompile, Supervisor } from './supervisor.js';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly output: Output;
  /** How the configuration is read again, on SIGHUP and on request. */
  readonly recompile?: Recompile | undefined;
  /** Replace workers when their sources change, and wait for the next change when the bot can't be loaded. */
  readonly development?: Development | undefined;
  /** Called when the accounts are being started. */
  readonly onStart?: (supervisor: Supervisor) => void;
}

export interface Development {
  /** Whoever started this supervisor starts it anew when its own sources change. */
  readonly isRestartedFromOutside: boolean;
}

/**
 * The supervisor's life: from start to the last process gone.
 *
 * @returns the exit code. 0 after SIGINT or SIGTERM (in a terminal SIGHUP, too), 78 when no account can work with this configuration, 73 when another
 * supervisor runs them all, 70 when a process could not be ended.
 * @throws WasupError when it can't start at all; with exit code 73 when another supervisor holds the sessions folder.
 */
export async function run(options: RunOptions): Promise<number> {
  const { configuration, output } = options;
  assertAccounts(configuration);
  keepSecret(configuration.http.token);
  tellWarnings(output.log);
  const home = enterOwnHome(output.log);
  await checkFolder(configuration.sessionsDirectory, output.log);
  const claimed = await claimSessionsFolder(configuration.sessionsDirectory, output.log);
  try {
    return await supervise(options, home, claimed);
  } finally {
    await Promise.all([home.close(), claimed.close()]);
  }
}

/** Node writes them to stderr itself, and waits where that is a terminal that stands still. */
function tellWarnings(log: Logger): void {
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    const level = /^(Deprecation|Experimental)Warning$/.test(name) ? 'debug' : 'warn';
    log[level](`Node.js: ${name}: ${message}`);
  });
}

async function supervise(
  { configuration, output, recompile, development, onStart }: RunOptions,
  home: Home,
  claimed: ClaimedFolder,
): Promise<number> {
  const { log } = output;
  const supervisor = await Supervisor.prepare(configuration, output, recompile);
  const ended = new Promise<number>((resolve) => {
    let isEnding = false;
    const end = (code: number, why: string): void => {
      if (isEnding) return;
      isEnding = true;
      log.info(`${why}: stopping. Once more kills everything at once.`);
      home.stopping();
      void stopEverything(supervisor, configuration.stopTimeoutMs, log).then((clean) =>
        resolve(clean ? code : supervisorExitCodes.bug),
      );
    };
    endOnSignals(
      (signal) => end(supervisorExitCodes.stopped, signal),
      () => void supervisor.kill(),
    );
    if (development === undefined) endWhenNothingCanWork(supervisor, (code) => end(code, 'Nothing can run'));
    else endWithParent(() => end(supervisorExitCodes.stopped, 'Whoever started this has gone'));
  });
  if (!isInTerminal) reloadOnSignal(supervisor, home);
  // Accounts that wait for a person have no process, no pipe and no timer that would keep this one alive.
  const keepAlive = setInterval(() => undefined, keepAliveIntervalMs);
  onStart?.(supervisor);
  const control = await openControl(supervisor, claimed, configuration, log);
  let watch: FolderWatch | undefined;
  try {
    if (development !== undefined) {
      const { watchSources } = await import('./watch-sources.js');
      // Before the first worker loads anything: what is saved from then on is a change.
      watch = watchSources({ supervisor, configuration, log, ...development });
    }
    await supervisor.start();
    const announcement = announceAccounts(supervisor, home);
    const code = await ended;
    announcement.close();
    if (code !== supervisorExitCodes.bug) log.info('Stopped. Nothing is left running.');
    return code;
  } catch (error) {
    await supervisor.stop();
    throw error;
  } finally {
    clearInterval(keepAlive);
    await Promise.all([watch?.close(), control.close()]);
  }
}

const keepAliveIntervalMs = 3_600_000;
/** What a stop may take beyond its steps' own deadlines: for the last entries in the files, on a busy disk. */
const stopReserveMs = 1_000;
/** A stop whose processes have been killed ends by itself; after this the supervisor goes without it. */
const killTimeoutMs = 3_000;

/** Resolves with whether nothing is left; says what is. */
async function stopEverything(supervisor: Supervisor, stopTimeoutMs: number, log: Logger): Promise<boolean> {
  let isClean = true;
  supervisor.events.on('alert', ({ alert }) => (isClean &&= alert.kind !== 'process-stuck'));
  const deadlineMs = Math.max(stopTimeoutMs, longestStopMs(stopTimeoutMs)) + stopReserveMs;
  try {
    await withDeadline(supervisor.stop(), deadlineMs, 'The stop');
    return isClean;
  } catch (error) {
    log.error(`The stop failed: ${describeError(error)}; killing what is left.`);
    await within(supervisor.kill(), killTimeoutMs);
    return false;
  }
}

const endingSignals = ['SIGINT', 'SIGTERM'] as const;

function endOnSignals(end: (signal: string) => void, kill: () => void): void {
  let signalled = false;
  for (const signal of isInTerminal ? ([...endingSignals, 'SIGHUP'] as const) : endingSignals) {
    process.on(signal, () => {
      if (!signalled) {
        signalled = true;
        end(signal);
        return;
      }
      kill();
      // What this process stood still was nobody's time to end.
      fairClock.after(killTimeoutMs, () => process.exit(supervisorExitCodes.stopped));
    });
  }
}

/** In development that is a program which holds the terminal for us: nobody could end this one with Ctrl-C any more. */
function endWithParent(end: () => void): void {
  if (process.connected) process.once('disconnect', end);
}

function reloadOnSignal(supervisor: Supervisor, home: Home): void {
  process.on('SIGHUP', () => {
    home.reloading();
    void supervisor.reload().then(({ sentence }) => home.ready(sentence));
  });
}

/** Configuration errors of every account at the start: nothing to wait for, and whoever started us should hear it. */
function endWhenNothingCanWork(supervisor: Supervisor, end: (code: number) => void): void {
  let ending = false;
  supervisor.events.on('account', () => {
    const { accounts } = supervisor;
    const hopeless = accounts.every(
      ({ machine }) => machine.state === 'failed' && machine.failure?.class === 'CONFIGURATION',
    );
    if (!hopeless || ending) return;
    ending = true;
    const held = accounts.every(({ isHeldByAnother }) => isHeldByAnother);
    end(held ? supervisorExitCodes.alreadyRunning : supervisorExitCodes.configuration);
  });
}
