import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { execa, type Options } from 'execa';
import { within } from '../../shared/within.js';
import { oomScores, raiseOomScore } from '../memory/oom-score.js';
import { Switchboard, type SwitchboardOptions } from '../switchboard/switchboard.js';
import { openBrowserLog, type BrowserLog } from './browser-log.js';
import { browserStartError } from './browser-start-error.js';
import { clearProfileLock } from './clear-profile-lock.js';
import { mendDatabases } from './mend-databases.js';
import { takeProfile, untilStopped } from './profile-holders.js';
import { stopBrowser, tidyUp, type BrowserEnd, type BrowserExit, type RunningBrowser } from './stop-browser.js';
import { vacateProfile } from './vacate-profile.js';

export interface StartBrowserOptions {
  readonly executablePath: string;
  /** From `launchArguments`: with `--remote-debugging-pipe` and `--user-data-dir=`. */
  readonly arguments: readonly string[];
  /** Where its stdout and stderr go; emptied at the start, mode 0600. */
  readonly logPath: string;
  /** For the first answer over the pipe, in ms. Measured: 0.2 to 0.4 s. */
  readonly startTimeoutMs: number;
  /** The browser's whole environment. */
  readonly environment: NodeJS.ProcessEnv;
  readonly onClientCut?: (reason: string) => void;
  /** Told in a sentence what had to be done about the profile first. */
  readonly onNews?: (sentence: string) => void;
  /** Told when the process is there, long before it answers: whoever has to stop everything can stop this one, too. */
  readonly onSpawned?: (spawned: SpawnedBrowser) => void;
  /** Aborted: nothing is spawned any more. A browser that was spawned already is stopped by what `onSpawned` was given. */
  readonly signal?: AbortSignal;
}

export type SpawnedBrowser = Pick<BrowserProcess, 'pid' | 'exited' | 'stop'>;

export interface BrowserProcess {
  /** Also the id of its process group. */
  readonly pid: number;
  /** As the browser says it: "Chrome/156.0.8078.79". */
  readonly version: string;
  /** When its pipe closes, mostly because the browser has left, a browser that is still there after 2 s is stopped. */
  readonly switchboard: Switchboard;
  /** Never rejects. */
  readonly exited: Promise<BrowserExit>;
  /**
   * Ends the browser and all its processes: asks it, then SIGTERM, then SIGKILL, and makes sure that nobody is left on the profile.
   * A second call with `timeoutMs: 0` goes straight to the kill.
   * @throws WasupError if a process is still there afterwards: then no other browser may be started on the profile.
   */
  stop(options: { timeoutMs: number }): Promise<BrowserEnd>;
}

/**
 * Starts Chromium with the debugging pipe in our hands. It dies with us: when our end of the pipe closes, it leaves by itself.
 * A browser that an earlier life left on the profile is ended first, and a lock that another machine left there is removed: the caller
 * holds the account's lock.
 * @throws BrowserStartError when it doesn't answer; everything that was started is gone by then. WasupError when its log can't be
 *   written, or when a process of it can't be ended.
 */
export async function startBrowser(options: StartBrowserOptions): Promise<BrowserProcess> {
  const profileDirectory = profileOf(options.arguments);
  await vacateProfile(profileDirectory, { ...(options.signal && { signal: options.signal }) });
  const onNews = options.onNews ?? (() => undefined);
  await clearProfileLock(profileDirectory, onNews);
  await mendDatabases(profileDirectory, onNews);
  options.signal?.throwIfAborted();
  const log = await openBrowserLog(options.logPath);
  const { running, pipe, spawnErrorCode } = await spawnBrowser(options, log);
  if (running === undefined) {
    throw await startFailed(options, log, { spawnErrorCode });
  }
  takeProfile(running);
  let runningStops = 0;
  const stop: BrowserProcess['stop'] = async ({ timeoutMs }) => {
    runningStops += 1;
    try {
      return await stopBrowser(running, switchboard, timeoutMs);
    } finally {
      runningStops -= 1;
    }
  };
  const switchboard = new Switchboard({
    ...pipe,
    onClosed: () => {
      void within(running.exited, leaveTimeoutMs).then(async (left) => {
        // A browser that is being stopped may need long to save what it has; whoever stops it has said how long it may take.
        if (left || runningStops > 0) return;
        // Nobody can talk to it any more, and it holds the profile. What survives is found by the next start on the profile.
        await stop({ timeoutMs: leaveTimeoutMs }).catch(() => undefined);
      });
    },
    ...(options.onClientCut && { onClientCut: options.onClientCut }),
  });
  void running.exited.then(async () => {
    if (runningStops === 0) await tidyUp(running);
  });
  options.onSpawned?.({ pid: running.pid, exited: running.exited, stop });
  // Its children may hold the pipe for a moment longer. What is still in it is read first.
  void running.exited.then(() => setImmediate(() => switchboard.close('Chromium has left.')));
  try {
    const answer = await switchboard.send('Browser.getVersion', {}, { timeoutMs: options.startTimeoutMs });
    void running.exited.then(() => log.close());
    return { pid: running.pid, version: productOf(answer), switchboard, exited: running.exited, stop };
  } catch {
    const exit = await Promise.race([running.exited, setTimeout(exitGraceMs, undefined, { ref: false })]);
    // Somebody may be stopping it already, and has said how long that may take.
    const ended = runningStops > 0 ? untilStopped(profileDirectory) : stop({ timeoutMs: 0 });
    await ended.catch(async (error: unknown) => {
      await log.close();
      throw error;
    });
    throw await startFailed(options, log, { exit });
  }
}

/** From the end of the pipe to the end of the browser; measured: 0.1 s. */
const leaveTimeoutMs = 2_000;

/** The pipe closes a moment before the process is gone; its exit code says more than the closed pipe. */
const exitGraceMs = 500;

interface Spawned {
  /** Undefined if it couldn't be spawned. */
  readonly running?: RunningBrowser;
  readonly spawnErrorCode?: string;
  readonly pipe: Pick<SwitchboardOptions, 'toBrowser' | 'fromBrowser'>;
}

async function spawnBrowser(options: StartBrowserOptions, log: BrowserLog): Promise<Spawned> {
  // Any descriptor will do; execa's declarations know those of one digit only.
  const descriptor = log.descriptor as 3;
  const subprocess = execa(options.executablePath, options.arguments, {
    ...spawnOptions,
    env: options.environment,
    stdio: ['ignore', descriptor, descriptor, 'pipe', 'pipe'],
  });
  const exited = new Promise<BrowserExit>((resolve) => {
    subprocess.once('exit', (code, signal) => resolve({ code, signal }));
  });
  // Both are two-way sockets under the hood; the browser reads the third and writes the fourth.
  const [toBrowser, fromBrowser] = [subprocess.stdio[3], subprocess.stdio[4]] as unknown as [Duplex, Duplex];
  // Nothing comes this way, but only a stream that is read notices its end.
  toBrowser.resume();
  const pipe = { toBrowser, fromBrowser };
  if (subprocess.pid === undefined) {
    for (const stream of [toBrowser, fromBrowser]) stream.on('error', () => undefined).destroy();
    const { cause } = await subprocess;
    return { pipe, spawnErrorCode: (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown' };
  }
  raiseOomScore(subprocess.pid, oomScores.browser);
  // Settles when the pipes close; we drive from the exit.
  subprocess.catch(() => undefined);
  return { pipe, running: { pid: subprocess.pid, profileDirectory: profileOf(options.arguments), exited } };
}

const spawnOptions = {
  extendEnv: false,
  // Its own process group: a Ctrl-C in the terminal is ours to answer, and the whole browser can be signalled.
  detached: true,
  buffer: false,
  reject: false,
  cleanup: false,
  forceKillAfterDelay: false,
} as const satisfies Options;

function profileOf(launchArguments: readonly string[]): string {
  const prefix = '--user-data-dir=';
  const profile = launchArguments.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
  if (profile === undefined || profile === '') throw new TypeError('The browser needs a --user-data-dir.');
  return profile;
}

function productOf(version: unknown): string {
  const product = (version as { product?: unknown } | undefined)?.product;
  return typeof product === 'string' ? product : 'unknown';
}

async function startFailed(
  options: StartBrowserOptions,
  log: BrowserLog,
  end: { spawnErrorCode?: string | undefined; exit?: BrowserExit | undefined },
): Promise<Error> {
  const { executablePath, logPath, startTimeoutMs } = options;
  const logTail = await log.tail().finally(() => log.close());
  return browserStartError({ executablePath, logPath, startTimeoutMs, logTail, ...end });
}
