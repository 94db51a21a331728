import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import type { HangReport } from '../../shared/protocol/hang-report.js';
import { WorkerProcess } from '../../supervisor/worker-process.js';
import { isAlive } from '../support/processes.js';
import { until } from '../support/until.js';

/** A third of it is how long the main thread may stand still, and as much is enough to take a stack on a busy machine. */
const heartbeatTimeoutMs = 4_500;

let worker: GuardedWorker | undefined;
afterEach(() => worker?.end());

describe('a main thread that hangs', () => {
  it('is told where, once, although it never turns again', async () => {
    worker = await GuardedWorker.begin('loop');
    const { stalledMs, frames } = await worker.hang();
    expect(stalledMs).toBeGreaterThanOrEqual(heartbeatTimeoutMs / 3);
    expect(frames.slice(0, 2).map(({ functionName }) => functionName)).toEqual(['loop', 'keepBusy']);
    for (const { url, line, column } of frames.slice(0, 2)) {
      expect(url).toMatch(/^file:.*\/guarded-worker\.ts$/);
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
    expect(worker.process.hang).toEqual({ stalledMs, frames });
    expect(worker.hangs).toHaveLength(1);
  });

  it('deep in a recursion is told by its innermost calls', async () => {
    worker = await GuardedWorker.begin('recursion');
    const { frames } = await worker.hang();
    expect(frames).toHaveLength(30);
    expect(frames[0]?.functionName).toBe('descend');
  });

  it('and was only slow goes on as if nothing had been', async () => {
    worker = await GuardedWorker.begin('slow');
    const { frames } = await worker.hang();
    expect(frames.map(({ functionName }) => functionName)).toContain('slow');
    await worker.over(1);
    worker.tellToBegin();
    await worker.over(2);
    expect(worker.hangs).toHaveLength(2);
    expect(isAlive(worker.process.pid)).toBe(true);
  });

  it('in a call that can’t be looked into is told without a place, and goes on', async () => {
    worker = await GuardedWorker.begin('wait');
    expect((await worker.hang()).frames).toEqual([]);
    await worker.over(1);
    worker.tellToBegin();
    await worker.over(2);
  });
});

it('is told nothing of a process that was stopped as a whole', async () => {
  worker = await GuardedWorker.begin('nothing');
  await worker.over(1);
  worker.process.kill('SIGSTOP');
  const stoppedAt = performance.now();
  // Longer than the main thread may stand still.
  await until(() => performance.now() - stoppedAt > heartbeatTimeoutMs / 2 || undefined, { expectation: () => 'time' });
  worker.process.kill('SIGCONT');
  // A report that was on its way is older than one of what happens now.
  worker.tellToBegin();
  await worker.over(2);
  expect(worker.hangs).toEqual([]);
});

it('ends a process whose main thread hangs within a second of its supervisor’s kill -9', async () => {
  const holder = fork(fileURLToPath(new URL('fixtures/worker-holder.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, DEED: 'loop', HEARTBEAT_TIMEOUT_MS: '400' },
  });
  const [pid] = (await once(holder, 'message')) as [number];
  expect(isAlive(pid)).toBe(true);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await until(() => !isAlive(pid) || undefined, { timeoutMs: 1_000, expectation: () => `${pid} to be gone` });
});

class GuardedWorker {
  readonly hangs: HangReport[] = [];
  readonly process: WorkerProcess;
  #timesOver = 0;

  static async begin(deed: string): Promise<GuardedWorker> {
    const begun = new GuardedWorker(deed);
    await once(begun.process, 'message');
    begun.tellToBegin();
    return begun;
  }

  private constructor(deed: string) {
    this.process = new WorkerProcess({
      botModule: '/bots/bot.js',
      log: { level: 'info', format: 'json' },
      environment: { ...process.env, DEED: deed, HEARTBEAT_TIMEOUT_MS: String(heartbeatTimeoutMs) },
      entry: {
        path: fileURLToPath(new URL('fixtures/guarded-worker.ts', import.meta.url)),
        loader: ['--import', 'tsx'],
      },
    });
    this.process.on('hang', (hang) => this.hangs.push(hang));
    this.process.on('message', ({ type }) => {
      if (type === 'qr-expired') this.#timesOver += 1;
    });
  }

  tellToBegin(): void {
    this.process.send({ type: 'unlink' });
  }

  hang(): Promise<HangReport> {
    return until(() => this.hangs[0], { expectation: () => 'a report of the hang' });
  }

  async over(times: number): Promise<void> {
    await until(() => this.#timesOver >= times || undefined, { expectation: () => `it to be over ${times} times` });
  }

  async end(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process.exited;
  }
}
