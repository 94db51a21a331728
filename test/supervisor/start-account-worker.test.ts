import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { spawnWorker, watchWorkerStart } from '../../supervisor/start-account-worker.js';
import { isAlive } from '../support/processes.js';

it('kills a worker that doesn’t say hello in time, and says where it hangs', async () => {
  const { said, exit, pid } = await start('hanging-at-start', 2_000);
  expect(said).toEqual([
    'The worker has not said hello within 2000 ms: its event loop hangs in prepare (/bots/bot.js:3:9)',
  ]);
  expect(exit).toEqual({ code: null, signal: 'SIGKILL' });
  expect(isAlive(pid)).toBe(false);
});

interface End {
  readonly said: string[];
  readonly exit: unknown;
  readonly pid: number;
}

function start(name: string, startTimeoutMs: number): Promise<End> {
  return new Promise((resolve) => {
    const said: string[] = [];
    const worker = spawnWorker({
      botModule: '/bots/bot.js',
      log: { level: 'info', format: 'json' },
      environment: {},
      entry: { path: fileURLToPath(new URL(`fixtures/${name}-worker.js`, import.meta.url)), loader: [] },
    });
    watchWorkerStart(worker, { botModule: '/bots/bot.js', startTimeoutMs, onTooSlow: (reason) => said.push(reason) });
    worker.on('message', ({ type }) => said.push(type));
    worker.on('malformed', (problem) => said.push(problem));
    worker.on('exit', (exit) => resolve({ said, exit, pid: worker.pid }));
  });
}
