import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { WasupError } from '../../shared/errors.js';
import { type AccountLock, type AccountLockOptions, acquireAccountLock } from '../../supervisor/account-lock.js';
import { describeHolder, describeOwnProcess, judgeHolder, type LockHolder } from '../../supervisor/lock-holder.js';
import { until } from '../support/until.js';

let folder: string;
let own: LockHolder;
const locks: AccountLock[] = [];
const processes: Other[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-account-lock-'));
  own = await describeOwnProcess();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((other) => other.end()));
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  await rm(folder, { recursive: true, force: true });
});

describe('a lock', () => {
  it('is taken by one alone, and again when it was given back', async () => {
    const first = await acquire();
    const error = await refusal();
    expect(error.exitCode).toBe(73);
    expect(error.message).toBe(`Another supervisor (pid ${process.pid}) holds ${folder}.`);
    await first.release();
    await first.release();
    await acquire();
    expect(await lockFiles()).toEqual(['.lock.2']);
  });

  it('says who holds it, for its owner alone', async () => {
    await acquire();
    const path = join(folder, '.lock.1');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid, hostname: hostname() });
  });

  it('makes the folder that it is to be in', async () => {
    locks.push(await acquireAccountLock(join(folder, 'session-1')));
    expect((await stat(join(folder, 'session-1'))).mode & 0o777).toBe(0o700);
  });

  it('that can’t be written says what to do', async () => {
    await writeFile(join(folder, 'file'), '');
    const error: unknown = await acquireAccountLock(join(folder, 'file', 'x')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('a part of the path is a file') as string,
    });
  });

  it('leaves nothing else in the folder, whoever tries', async () => {
    await acquire();
    await refusal();
    expect(await readdir(folder)).toEqual(['.lock.1']);
  });
});

describe('a lock of another process', () => {
  it('is refused while that lives, naming it, also while it is stopped, and is free when it is killed', async () => {
    const other = await startOther();
    expect(await other.say('take')).toBe('held');
    expect((await refusal()).message).toContain(`(pid ${other.pid})`);
    other.signal('SIGSTOP');
    await until(async () => ((await stateOf(other.pid)) === 'T' ? true : undefined), {
      expectation: () => 'the process to be stopped',
    });
    expect((await refusal()).message).toContain(`(pid ${other.pid})`);
    await other.end();
    await acquire();
    expect(await lockFiles()).toEqual(['.lock.2']);
  });

  it('is free as soon as that has given it back', async () => {
    const other = await startOther();
    await other.say('take');
    expect(await other.say('release')).toBe('released');
    await acquire();
    expect(await other.say('take')).toMatch(/^refused: Another supervisor \(pid \d+\)/);
  });

  it('goes to one alone of several that take over at the same moment, round after round', async () => {
    const others = await Promise.all([startOther(), startOther(), startOther()]);
    for (let round = 1; round <= 40; round += 1) {
      // Now from one that is gone, now from one that has given it back.
      if (round % 2 === 0) await putHolder({ ...own, pid: 4_194_304 });
      const answers = await Promise.all(others.map((other) => other.say('take')));
      expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
      const holder = others[answers.indexOf('held')];
      expect(answers.filter((answer) => answer.includes(`(pid ${holder?.pid ?? 0})`))).toHaveLength(2);
      await holder?.say('release');
      expect(await lockFiles()).toHaveLength(1);
    }
  });

  it('goes to one alone also of many in one process', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => acquire()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

describe('a holder', () => {
  it.each<[string, Partial<LockHolder>, string]>([
    ['that is this process', {}, 'alive'],
    ['whose pid is nobody’s', { pid: 4_194_304 }, 'dead'],
    ['whose pid has become another process’s', { startTime: 1 }, 'dead'],
    ['of before the last boot', { bootId: 'another boot' }, 'dead'],
    ['that knew no start time', { startTime: null }, 'alive'],
    ['on another machine', { hostname: 'another', pid: 4_194_304 }, 'unknown'],
    ['in another container', { pidNamespace: 'pid:[1]', pid: 4_194_304 }, 'unknown'],
  ])('%s', async (_name, change, verdict) => {
    expect(await judgeHolder({ ...own, ...change }, own)).toBe(verdict);
  });

  it('on a system without /proc is judged by its pid', async () => {
    const plain = { ...own, startTime: null, bootId: null, pidNamespace: null };
    expect(await judgeHolder(plain, plain)).toBe('alive');
    expect(await judgeHolder({ ...plain, pid: 4_194_304 }, plain)).toBe('dead');
  });

  it('is told to people with what they need to find it', () => {
    expect(describeHolder({ ...own, pid: 7 })).toBe('pid 7');
    expect(describeHolder({ ...own, pid: 7, hostname: 'attic' }, own)).toBe('pid 7 on attic');
    expect(describeHolder({ ...own, pid: 7, pidNamespace: 'x' }, own)).toBe('pid 7 of another container');
  });
});

describe('a holder that can’t be looked at', () => {
  const elsewhere = { hostname: 'another-machine', pid: 77 };

  it('keeps the lock as long as it touches it', async () => {
    const holding = await acquire({ own: { ...own, ...elsewhere }, touchIntervalMs: 20 });
    const sentences: string[] = [];
    const error = await refusal({ staleAfterMs: 30_000, onWait: (sentence) => sentences.push(sentence) });
    expect(error.message).toContain('(pid 77 on another-machine)');
    expect(sentences).toHaveLength(1);
    await holding.release();
    await acquire();
  });

  it('loses it when it doesn’t, and is told so when it comes back', async () => {
    const onLost = vi.fn();
    await acquire({ own: { ...own, ...elsewhere }, touchIntervalMs: 1_000, onLost });
    await acquire({ staleAfterMs: 200 });
    await until(() => (onLost.mock.calls.length > 0 ? true : undefined), { expectation: () => 'the loss to be told' });
    expect(await lockFiles()).toEqual(['.lock.2']);
  });

  it('takes it again when somebody has merely removed the file, and tells nobody of a loss', async () => {
    const onLost = vi.fn();
    const lock = await acquire({ touchIntervalMs: 20, onLost });
    await rm(join(folder, '.lock.1'));
    await until(async () => ((await lockFiles()).includes('.lock.2') ? true : undefined), {
      expectation: () => 'the lock to be taken again',
    });
    await expect(acquire()).rejects.toThrow(`pid ${process.pid}`);
    expect(onLost).not.toHaveBeenCalled();
    await lock.release();
    await expect(acquire()).resolves.toBeDefined();
  });

  it.each(['', '{"pid": 12', '[]', '{"pid": -1}', 'null'])('has left a damaged file: %j', async (text) => {
    await writeFile(join(folder, '.lock.7'), text);
    await acquire({ staleAfterMs: 50 });
    expect(await lockFiles()).toEqual(['.lock.8']);
    await writeFile(join(folder, '.lock.8'), text);
    expect((await refusalWhileTouched(join(folder, '.lock.8'))).message).toContain('somebody who has left no name');
  });

  it('that gives it back while others wait lets them have it at once', async () => {
    const holding = await acquire({ own: { ...own, ...elsewhere } });
    const waiting = new Promise<AccountLock>((resolve, reject) => {
      const onWait = (): void => void holding.release();
      acquire({ onWait }).then(resolve, reject);
    });
    await expect(waiting).resolves.toBeDefined();
  });
});

async function acquire(options: AccountLockOptions = {}): Promise<AccountLock> {
  const lock = await acquireAccountLock(folder, options);
  locks.push(lock);
  return lock;
}

async function refusal(options: AccountLockOptions = {}): Promise<WasupError> {
  const error = await acquire(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WasupError);
  return error as WasupError;
}

async function refusalWhileTouched(path: string): Promise<WasupError> {
  const timer = setInterval(() => void writeFile(path, ''), 50);
  return refusal().finally(() => clearInterval(timer));
}

async function lockFiles(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^\.lock\.\d+$/.test(name)).sort();
}

/** In the highest file, as if that had been its holder. */
async function putHolder(holder: LockHolder): Promise<void> {
  const [name = ''] = (await lockFiles()).slice(-1);
  await writeFile(join(folder, name), JSON.stringify(holder));
}

async function stateOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'T';
  return /\) (\S)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

/** Another process that takes the lock when it is told to. */
class Other {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;

  constructor() {
    const program = fileURLToPath(new URL('./fixtures/lock-holder.ts', import.meta.url));
    this.#child = spawn(process.execPath, ['--import', 'tsx', program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#exited = once(this.#child, 'exit');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async line(): Promise<string> {
    const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (done === true) throw new Error('The process has ended.');
    return value;
  }

  async say(word: string): Promise<string> {
    this.#child.stdin.write(`${word}\n`);
    return this.line();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

async function startOther(): Promise<Other> {
  const other = new Other();
  processes.push(other);
  await other.line();
  return other;
}
