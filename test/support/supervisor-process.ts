import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { defaultTimeoutMs } from './until.js';

export interface SupervisorProcessOptions {
  /** What follows `node supervisor`. */
  readonly words?: readonly string[];
  /** Beside what the machine gives; nothing of the caller's own WASUP_ settings is handed on. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Another program that runs a supervisor, and what follows its name. Default: `node supervisor` of this checkout. */
  readonly command?: readonly [string, ...string[]];
  /** As a shell starts it: a signal reaches everything that the program has started and not put into a group of its own. */
  readonly hasOwnGroup?: boolean;
}

export interface SupervisorExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LineOptions {
  readonly timeoutMs?: number;
  /** Only lines from this one on; see {@link SupervisorProcess.mark}. */
  readonly from?: number;
}

/** How long the output of a process that has gone may still be read. */
const lastWordsMs = 1_000;

/** `node supervisor` of this checkout as a process of its own, and everything it says. */
export class SupervisorProcess {
  readonly pid: number;
  /** What was written to stdout so far, a line each. */
  readonly lines: string[] = [];
  /** Resolves when the process is gone and everything it wrote has been read. */
  readonly exited: Promise<SupervisorExit>;
  errorOutput = '';
  readonly #subprocess: ChildProcess;
  readonly #reader: Interface;
  readonly #hasOwnGroup: boolean;
  readonly #news = new EventEmitter().setMaxListeners(0);
  #exit: SupervisorExit | undefined;

  constructor(options: SupervisorProcessOptions) {
    const {
      words = [],
      environment,
      workingDirectory,
      command = [process.execPath, entry],
      hasOwnGroup = false,
    } = options;
    const [program, ...beforeWords] = command;
    const subprocess = spawn(program, [...beforeWords, ...words], {
      cwd: workingDirectory,
      detached: hasOwnGroup,
      env: { ...inheritedEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (subprocess.pid === undefined) throw new Error('The supervisor could not be started.');
    this.#subprocess = subprocess;
    this.#hasOwnGroup = hasOwnGroup;
    this.pid = subprocess.pid;
    this.#reader = createInterface({ input: subprocess.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#news.emit('news');
    });
    subprocess.stderr.setEncoding('utf8').on('data', (text: string) => (this.errorOutput += text));
    const outputRead = new Promise((resolve) => subprocess.once('close', resolve));
    this.exited = new Promise((resolve) => {
      subprocess.once('exit', (code, signal) => {
        // A worker that outlived its supervisor holds the pipes open; that is for the test to notice.
        // After a stall of this process the pipes are read once more before they count as silent.
        const silence = sleep(lastWordsMs).then(() => immediate());
        void Promise.race([outputRead, silence]).then(() => {
          this.#exit = { code, signal };
          this.#news.emit('news');
          resolve(this.#exit);
        });
      });
    });
  }

  /** The place in the output that what is said from now on comes after. */
  get mark(): number {
    return this.lines.length;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Lines that match, from a mark on. */
  matching(pattern: RegExp, from = 0): string[] {
    return this.lines.slice(from).filter((line) => pattern.test(line));
  }

  /**
   * Resolves with the match in the first line that has one, said already or not yet.
   *
   * @throws Error with the latest output when the time is over or the supervisor has ended without saying it.
   */
  waitForLine(pattern: RegExp, { timeoutMs = defaultTimeoutMs, from = 0 }: LineOptions = {}): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      let next = from;
      const finish = (): void => {
        clearTimeout(timer);
        this.#news.off('news', look);
      };
      const look = (): void => {
        for (; next < this.lines.length; next += 1) {
          const match = pattern.exec(this.lines[next] ?? '');
          if (match === null) continue;
          finish();
          resolve(match);
          return;
        }
        if (this.#exit === undefined) return;
        finish();
        reject(new Error(`The supervisor ended without a line like ${String(pattern)}.${this.describe()}`));
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`Waited ${timeoutMs} ms for a line like ${String(pattern)}.${this.describe()}`));
      }, timeoutMs);
      this.#news.on('news', look);
      look();
    });
  }

  /** Reads nothing of its output until {@link readOutput}: as a terminal after Ctrl-S, or a log driver that is stuck. */
  holdOutput(): void {
    this.#reader.pause();
    this.#subprocess.stderr?.pause();
  }

  readOutput(): void {
    this.#reader.resume();
    this.#subprocess.stderr?.resume();
  }

  signal(name: NodeJS.Signals): void {
    if (this.#hasOwnGroup && this.isRunning) process.kill(-this.pid, name);
    else this.#subprocess.kill(name);
  }

  /**
   * Signals, and resolves when the process is gone.
   *
   * @throws Error when it is still there after the time; it is killed then.
   */
  async stop(name: NodeJS.Signals = 'SIGTERM', timeoutMs = defaultTimeoutMs): Promise<SupervisorExit> {
    this.signal(name);
    return this.waitForExit(timeoutMs);
  }

  /** @throws Error when it is still there after the time; it is killed then. */
  async waitForExit(timeoutMs = defaultTimeoutMs): Promise<SupervisorExit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const exit = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    if (exit !== undefined) return exit;
    this.signal('SIGKILL');
    throw new Error(`The supervisor was still running after ${timeoutMs} ms.${this.describe()}`);
  }

  /** For error messages: how it is, and the end of what it said. */
  describe(): string {
    const state = this.#exit === undefined ? 'running' : `ended (${this.#exit.signal ?? this.#exit.code ?? '?'})`;
    const tail = this.lines.slice(-60).join('\n');
    return `\n--- the supervisor is ${state}; its output ends with:\n${tail}\n${this.errorOutput}---`;
  }
}

const entry = fileURLToPath(new URL('../../supervisor/index.js', import.meta.url));

/** The caller's settings of wasup and of the test runner are not a user's. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(WASUP_|VITEST|NODE_ENV$|NODE_OPTIONS$|npm_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
