import { describeError } from '../shared/errors.js';
import type { WorkerMessage } from '../shared/protocol/messages.js';
import { describeHang } from './describe-hang.js';
import { fairClock } from './fair-clock.js';
import { WorkerProcess, type WorkerOptions } from './worker-process.js';

export interface AccountWorkerOptions extends WorkerOptions {
  /** How long it may take to say hello, in ms; then it is killed. */
  readonly startTimeoutMs: number;
  readonly onMessage: (message: WorkerMessage) => void;
  readonly onMalformed: (problem: string) => void;
  /** Called before the exit of a worker that didn't say hello in time. */
  readonly onTooSlow: (reason: string) => void;
  /** Called once, when the process is gone. */
  readonly onExit: (exit: { code: number | null; signal: string | null }) => void;
}

/**
 * Spawns a worker and watches its start.
 *
 * @throws Error when the process can't be spawned at all; nothing is called then.
 */
export function startAccountWorker(options: AccountWorkerOptions): WorkerProcess {
  const { startTimeoutMs, onMessage, onMalformed, onTooSlow, onExit, ...workerOptions } = options;
  const worker = spawn(workerOptions);
  const alarm = fairClock.after(startTimeoutMs, () => {
    const where = describeHang({ hang: worker.hang, botModule: options.botModule });
    onTooSlow(`The worker has not said hello within ${startTimeoutMs} ms${where === undefined ? '' : `: ${where}`}`);
    worker.kill('SIGKILL');
  });
  worker.on('malformed', onMalformed);
  worker.on('message', (message) => {
    if (message.type === 'hello') alarm.cancel();
    onMessage(message);
  });
  worker.on('exit', (exit) => {
    alarm.cancel();
    onExit(exit);
  });
  return worker;
}

function spawn(options: WorkerOptions): WorkerProcess {
  try {
    return new WorkerProcess(options);
  } catch (error) {
    throw new Error(`The worker could not be started (${describeError(error)})`, { cause: error });
  }
}
