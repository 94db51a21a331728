import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { HangReport } from '../../shared/protocol/hang-report.js';
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import { WorkerProcess } from '../../supervisor/worker-process.js';
import { isAlive } from '../support/processes.js';

const running = new Set<WorkerProcess>();
afterEach(async () => {
  for (const worker of running) worker.kill('SIGKILL');
  await Promise.all([...running].map(({ exited }) => exited));
  running.clear();
});

describe('a worker process', () => {
  it('is told which bot to load and how to log, and says hello', async () => {
    const hello = await helloOf(start('obedient'));
    expect(hello.bot).toBe('--bot=/bots/my bot.js --log-level=info --log-format=json');
  });

  it('has the environment that it was given, and nothing of ours', async () => {
    const hello = await helloOf(start('babbling', { GREETING: 'hello' }));
    const names = (JSON.parse(hello.bot) as string[]).filter((name) => !name.startsWith('NODE_CHANNEL_'));
    expect(names).toEqual(['GREETING']);
  });

  it('has a private line, both ways', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    worker.line.write('there and back');
    const [chunk] = (await once(worker.line, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('there and back');
  });

  it('is in a process group of its own, so that Ctrl-C doesn’t reach it', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    // Only a group's leader can be reached by its negative pid.
    process.kill(-worker.pid, 'SIGKILL');
    expect(await exitOf(worker)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.runIf(process.platform === 'linux')('is what the kernel is to end before its supervisor', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    expect(readFileSync(`/proc/${worker.pid}/oom_score_adj`, 'utf8').trim()).toBe('500');
  });

  it('is known to hang until its next heartbeat', async () => {
    const worker = start('briefly-hanging');
    const [report] = (await once(worker, 'hang')) as [HangReport];
    expect(worker.hang).toEqual(report);
    worker.send({ type: 'unlink' });
    await once(worker, 'message');
    expect(worker.hang).toBeUndefined();
  });

  it('survives its own nonsense, which is reported and not delivered', async () => {
    const worker = start('babbling');
    const problems: string[] = [];
    worker.on('malformed', (problem) => problems.push(problem));
    const hello = await helloOf(worker);
    expect(hello.pid).toBe(worker.pid);
    expect(problems).toHaveLength(7);
    expect(problems[5]).toContain('hello');
    expect(problems[5]).toContain('version');
    expect(problems[6]).toContain('heartbeat');
    await worker.stop(5_000);
  });
});

describe('a stop', () => {
  it('needs no signal for a worker that listens', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    const exit = exitOf(worker);
    await worker.stop(30_000);
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(isAlive(worker.pid)).toBe(false);
  });

  it('goes on to SIGTERM for one that hangs', async () => {
    const worker = start('hanging');
    await helloOf(worker);
    const exit = exitOf(worker);
    await worker.stop(100);
    expect(await exit).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('goes on to SIGKILL for one that ignores that too', async () => {
    const worker = start('deaf');
    await helloOf(worker);
    const exit = exitOf(worker);
    await worker.stop(100);
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('of one that not even SIGKILL ends fails loudly after the time for that, and says how to look at it', async () => {
    const worker = start('deaf');
    await helloOf(worker);
    // As the kernel does with a process that waits for a disk that doesn't answer.
    const kill = vi.spyOn(worker, 'kill').mockReturnValue();
    await expect(worker.stop(100, { terminateMs: 50, killMs: 50 })).rejects.toMatchObject({
      message: expect.stringContaining(`Worker ${worker.pid} can't be ended`) as string,
      remedy: expect.stringContaining(`-p ${worker.pid}`) as string,
    });
    expect(kill.mock.calls.flat()).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
    kill.mockRestore();
  });

  it('wakes up one that was stopped by a signal', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    worker.kill('SIGSTOP');
    const exit = exitOf(worker);
    await worker.stop(100);
    // It may hear the message first when it goes on.
    expect([
      { code: 0, signal: null },
      { code: null, signal: 'SIGTERM' },
    ]).toContainEqual(await exit);
  });

  it('asked for twice, is over once', async () => {
    const worker = start('deaf');
    await helloOf(worker);
    let exits = 0;
    worker.on('exit', () => (exits += 1));
    await Promise.all([worker.stop(100), worker.stop(50)]);
    expect(exits).toBe(1);
  });

  it('of one that has gone is over at once; words and signals for it are lost without harm', async () => {
    const worker = start('obedient');
    await helloOf(worker);
    worker.kill('SIGKILL');
    await worker.exited;
    await worker.stop(30_000);
    worker.send({ type: 'stop', deadlineMs: 1, isOverMemory: false });
    worker.kill('SIGTERM');
    expect(worker.line.destroyed).toBe(true);
  });
});

describe('wasup’s own worker', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-worker-'));
    await writeFile(join(folder, 'bot.mjs'), 'export default { onMessage() {} };');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('loads the bot, says hello, and goes when it is told to, before it was ever assigned', async () => {
    const worker = startOwn(join(folder, 'bot.mjs'));
    expect(await helloOf(worker)).toMatchObject({ pid: worker.pid, bot: join(folder, 'bot.mjs') });
    const exit = exitOf(worker);
    await worker.stop(30_000);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('goes on SIGTERM after having been stopped by a signal', async () => {
    const worker = startOwn(join(folder, 'bot.mjs'));
    await helloOf(worker);
    worker.kill('SIGSTOP');
    const exit = exitOf(worker);
    await worker.stop(100);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('says what is wrong with a bot that can’t be loaded, and exits with the code for it', async () => {
    const worker = startOwn(join(folder, 'missing.mjs'));
    const exit = exitOf(worker);
    const [message] = (await once(worker, 'message')) as [WorkerMessage];
    expect(message).toMatchObject({ type: 'failure', incarnation: null, class: 'CONFIGURATION' });
    expect(await exit).toEqual({ code: 78, signal: null });
  });
});

function start(name: string, environment: NodeJS.ProcessEnv = {}): WorkerProcess {
  const path = fileURLToPath(new URL(`fixtures/${name}-worker.js`, import.meta.url));
  return keep(
    new WorkerProcess({
      botModule: '/bots/my bot.js',
      log: { level: 'info', format: 'json' },
      environment,
      entry: { path, loader: [] },
    }),
  );
}

function startOwn(botModule: string): WorkerProcess {
  return keep(new WorkerProcess({ botModule, log: { level: 'silent', format: 'json' }, environment: process.env }));
}

function keep(worker: WorkerProcess): WorkerProcess {
  running.add(worker);
  return worker;
}

async function helloOf(worker: WorkerProcess): Promise<Extract<WorkerMessage, { type: 'hello' }>> {
  const [message] = (await once(worker, 'message')) as [WorkerMessage];
  if (message.type !== 'hello') throw new Error(`it said ${message.type} instead of hello`);
  return message;
}

async function exitOf(worker: WorkerProcess): Promise<unknown> {
  const [exit] = (await once(worker, 'exit')) as [unknown];
  return exit;
}
