/** How long each step of a worker's stop may take, in ms. */
export interface WorkerStopBudget {
  /** After the message: handlers of the bot are finished in this time. */
  readonly askMs: number;
  /** After SIGTERM. */
  readonly terminateMs: number;
  /** After SIGKILL. Whatever is there then is in the hands of the kernel. */
  readonly killMs: number;
}

/** How long each step of a browser's stop may take, in ms. */
export interface BrowserStopBudget {
  /** After `Browser.close`; 0 when nobody is asked. */
  readonly closeMs: number;
  readonly terminateMs: number;
  readonly killMs: number;
  /** At least, for finding and killing those that it has left behind. What the steps before didn't use comes on top. */
  readonly sweepMs: number;
}

export interface StopBudget {
  readonly worker: WorkerStopBudget;
  /** For all steps of the browser together: what `BrowserProcess.stop` wants. */
  readonly browserMs: number;
}

/** The browser gets the most: only one that leaves by itself saves everything. */
const workerShare = 0.4;
/** What remains is for the last entries in the account's files, and for giving its lock back. */
const browserShare = 0.575;

/** A worker that turns hears SIGTERM at once, and one that was killed is gone in some ms; ten times that on a busy machine. */
const longestStepMs = 1_000;
const stepShare = 0.1;

/** Of a browser's time, for the kill and the sweep. */
const lastShare = 0.25;

/** Killing and looking must be tried, however little time was given. */
const leastKillMs = 250;
const leastSweepMs = 500;

/**
 * Divides the time for a whole stop, `WASUP_STOP_TIMEOUT_MS`, among its steps. Worker and browser are stopped one after the other.
 * @param totalMs below some 3000 ms, killing and looking take more than their share: then up to 1 s comes on top.
 */
export function divideStopTime(totalMs: number): StopBudget {
  const stepMs = Math.min(longestStepMs, totalMs * stepShare);
  return {
    worker: {
      askMs: totalMs * workerShare - 2 * stepMs,
      terminateMs: stepMs,
      killMs: Math.max(leastKillMs, stepMs),
    },
    browserMs: totalMs * browserShare,
  };
}

/** @param totalMs for all steps; 0 goes straight to the kill. */
export function divideBrowserStop(totalMs: number): BrowserStopBudget {
  const lastMs = totalMs * lastShare;
  const killMs = Math.max(leastKillMs, Math.min(longestStepMs, lastMs / 2));
  const sweepMs = Math.max(leastSweepMs, lastMs - killMs);
  // However little there is: it must be asked. Only a browser that leaves by itself saves everything, so that gets the most.
  const politeMs = Math.max(totalMs / 2, totalMs - killMs - sweepMs);
  const terminateMs = politeMs / 3;
  return { closeMs: politeMs - terminateMs, terminateMs, killMs, sweepMs };
}

/** How long a stop takes in which nobody hears anything, in ms: what a caller may wait for before it calls the stop failed. */
export function longestStopMs(totalMs: number): number {
  const { worker, browserMs } = divideStopTime(totalMs);
  return worker.askMs + worker.terminateMs + worker.killMs + longestBrowserStopMs(browserMs);
}

export function longestBrowserStopMs(totalMs: number): number {
  const { closeMs, terminateMs, killMs, sweepMs } = divideBrowserStop(totalMs);
  return Math.max(totalMs, closeMs + terminateMs + killMs + sweepMs);
}
