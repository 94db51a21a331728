import { describeError } from '../shared/errors.js';
import { describeHang } from './describe-hang.js';
import { fairClock } from './fair-clock.js';
import { WorkerProcess, type WorkerOptions } from './worker-process.js';

/** @throws Error when the process can't be spawned at all. */
export function spawnWorker(options: WorkerOptions): WorkerProcess {
  try {
    return new WorkerProcess(options);
  } catch (error) {
    throw new Error(`The worker could not be started (${describeError(error)})`, { cause: error });
  }
}

export interface WorkerStartOptions {
  readonly botModule: string;
  /** How long it may take to say hello, in ms; then it is killed. */
  readonly startTimeoutMs: number;
  /** Called before the exit of a worker that didn't say hello in time. */
  readonly onTooSlow: (reason: string) => void;
}

/** Watches a worker until it says hello. */
export function watchWorkerStart(
  worker: WorkerProcess,
  { botModule, startTimeoutMs, onTooSlow }: WorkerStartOptions,
): void {
  const alarm = fairClock.after(startTimeoutMs, () => {
    const where = describeHang({ hang: worker.hang, botModule });
    onTooSlow(`The worker has not said hello within ${startTimeoutMs} ms${where === undefined ? '' : `: ${where}`}`);
    worker.kill('SIGKILL');
  });
  worker.on('message', ({ type }) => {
    if (type === 'hello') alarm.cancel();
  });
  worker.on('exit', () => alarm.cancel());
}
