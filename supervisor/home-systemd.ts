import type { Home, HomeOptions } from './home.js';

/** systemd-notify takes 5 to 22 ms; what takes this long has met a machine that stands still. */
const notifyDeadlineMs = 5_000;
/** Each sentence costs a process. Accounts that come and go are told together. */
const statusIntervalMs = 5_000;

/**
 * systemd with `Type=notify`: ready, reloading, stopping, a status for people, and signs of life for its watchdog. Node has no datagram
 * sockets for Unix, so systemd's own systemd-notify is run (`NotifyAccess=all`).
 *
 * @returns undefined when systemd doesn't wait for notifications.
 */
export function systemdHome({ environment, log, pid, run }: HomeOptions): Home | undefined {
  if ((environment['NOTIFY_SOCKET'] ?? '') === '') return undefined;
  let toldProblem: string | undefined;
  let queue = Promise.resolve();
  let waiting = 0;
  // One after the other: "stopping" must not be overtaken by the "ready" before it.
  const tell = (...words: string[]): void => {
    waiting += 1;
    queue = queue.then(async () => {
      const problem = await run('systemd-notify', words, { deadlineMs: notifyDeadlineMs });
      waiting -= 1;
      if (problem !== undefined && problem !== toldProblem) log.warn(explain(problem));
      toldProblem = problem;
    });
  };

  const statuses = spaceOut((sentence) => tell(`STATUS=${sentence}`));
  const watchdogMs = watchdogIntervalMs(environment, pid);
  // The timer turns with the event loop, which is what the watchdog asks about. A sign that still waits counts for the next.
  const watchdog =
    watchdogMs === undefined
      ? undefined
      : setInterval(() => {
          if (waiting === 0) tell('WATCHDOG=1');
        }, watchdogMs).unref();

  return {
    ready(sentence) {
      statuses.note(sentence);
      tell('READY=1', `STATUS=${sentence}`);
    },
    status: (sentence) => statuses.say(sentence),
    reloading: () => tell('RELOADING=1', 'STATUS=Reading the configuration again.'),
    stopping() {
      statuses.close();
      tell('STOPPING=1', 'STATUS=Stopping.');
    },
    async close() {
      statuses.close();
      clearInterval(watchdog);
      await queue;
    },
  };
}

/** Half of what systemd allows, as its manual asks for; undefined without a watchdog, or when it watches another process. */
export function watchdogIntervalMs(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const watchedPid = environment['WATCHDOG_PID'];
  if (watchedPid !== undefined && watchedPid !== String(pid)) return undefined;
  const allowedMs = Number(environment['WATCHDOG_USEC']) / 1_000;
  return allowedMs > 0 ? Math.max(1, Math.floor(allowedMs / 2)) : undefined;
}

interface SpacedOut {
  say(sentence: string): void;
  /** Told by other means. */
  note(sentence: string): void;
  close(): void;
}

/** The first sentence at once, then the newest of each interval, and none twice. */
function spaceOut(tell: (sentence: string) => void): SpacedOut {
  let told: string | undefined;
  let newest: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    if (newest === told || newest === undefined) return;
    told = newest;
    tell(newest);
    timer = setTimeout(look, statusIntervalMs).unref();
  };
  return {
    say(sentence) {
      newest = sentence;
      if (timer === undefined) look();
    },
    note(sentence) {
      told = sentence;
      newest = sentence;
    },
    close() {
      newest = undefined;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function explain(problem: string): string {
  return problem.includes('ENOENT')
    ? 'There is no systemd-notify, so systemd does not learn that wasup runs, and will end it. Install the package "systemd", or set Type=exec and no WatchdogSec in the unit.'
    : `systemd could not be told how wasup is: ${problem}`;
}
