import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV, Worker } from 'node:worker_threads';

import { withDeadline } from '../with-deadline.js';

/** A module that waits for something which doesn't come would hold up the start, and each reload behind it. */
const importTimeoutMs = 10_000;

/** CommonJS, as all code that is given as text. An error that is sent as such loses its message now and then. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData)
  .then((module) => parentPort.postMessage({ module: 'default' in module ? { default: module.default } : {} }))
  .catch((error) => parentPort.postMessage({ problem: String(error?.message ?? error) }));
`;

/**
 * Loads a module as it is now, with all that it imports. Within one thread Node loads each file once and for good, so it is
 * another thread that loads it, which is gone when this resolves. The environment is the same one.
 *
 * @returns what there is of its namespace that is of use here: its default export, a copy.
 * @throws Error with what the module throws, or when it ends without having loaded, exports what is no data (a function),
 * or takes longer than `timeoutMs`.
 */
export async function importAfresh(path: string, timeoutMs = importTimeoutMs): Promise<unknown> {
  const thread = new Worker(program, { eval: true, workerData: pathToFileURL(path).href, env: SHARE_ENV });
  const loaded = once(thread, 'message').then(([outcome]: unknown[]) => moduleOf(outcome as Outcome));
  const ended = once(thread, 'exit').then(() => Promise.reject(new Error('it ended before it had loaded')));
  try {
    return await withDeadline(Promise.race([loaded, ended]), timeoutMs, 'Loading it');
  } finally {
    await thread.terminate();
  }
}

interface Outcome {
  readonly module?: { readonly default?: unknown };
  readonly problem?: string;
}

function moduleOf({ module, problem }: Outcome): unknown {
  if (problem !== undefined) throw new Error(problem);
  return module;
}
