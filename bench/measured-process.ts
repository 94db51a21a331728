import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A line that a process wrote: a JSON record, and when it arrived here. */
export interface SaidLine {
  readonly record: Readonly<Record<string, unknown>>;
  /** Milliseconds since the process was spawned. */
  readonly atMs: number;
}

/** Nothing here takes longer; a benchmark that hangs says so. */
const deadlineMs = 60_000;

/** This process' environment without what would configure wasup or Node. */
export function withoutOurs(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(WASUP_|NODE_OPTIONS$)/.test(name)));
}

/** A Node process whose lines are clocked from the moment of its spawn. */
export class MeasuredProcess {
  readonly lines: SaidLine[] = [];
  readonly #subprocess: ChildProcess;
  /** By this process' `performance.now()`. */
  readonly spawnedAt: number;
  readonly #exited: Promise<unknown>;
  #said: () => void = () => undefined;
  #errorOutput = '';

  constructor(words: readonly string[], options: { environment: NodeJS.ProcessEnv; workingDirectory: string }) {
    this.spawnedAt = performance.now();
    const subprocess = spawn(process.execPath, words, {
      env: options.environment,
      cwd: options.workingDirectory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#subprocess = subprocess;
    this.#exited = once(subprocess, 'exit');
    createInterface({ input: subprocess.stdout }).on('line', (line) => {
      const atMs = performance.now() - this.spawnedAt;
      if (!line.startsWith('{')) return;
      this.lines.push({ record: JSON.parse(line) as Record<string, unknown>, atMs });
      this.#said();
    });
    subprocess.stderr.on('data', (chunk: Buffer) => (this.#errorOutput += chunk.toString()));
    void this.#exited.then(() => this.#said());
  }

  get pid(): number {
    if (this.#subprocess.pid === undefined) throw new Error('It could not be started.');
    return this.#subprocess.pid;
  }

  /**
   * Resolves with the first line that matches, said already or not yet.
   *
   * @throws Error with what was said when the process ends without it, or after a minute.
   */
  async line(matches: (record: SaidLine['record']) => boolean): Promise<SaidLine> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const found = this.lines.find(({ record }) => matches(record));
      if (found !== undefined) return found;
      const remainingMs = deadline - performance.now();
      if (this.#hasEnded) throw new Error(`It ended too early.${this.#describe()}`);
      if (remainingMs <= 0) throw new Error(`It took longer than ${deadlineMs} ms.${this.#describe()}`);
      await this.#news(remainingMs);
    }
  }

  /**
   * SIGTERM, and wait until the process is gone.
   *
   * @throws Error when it wasn't a clean end; then the next round would not start from a clean profile.
   */
  async stop(): Promise<void> {
    this.#subprocess.kill('SIGTERM');
    const timer = setTimeout(() => this.#subprocess.kill('SIGKILL'), deadlineMs);
    await this.#exited;
    clearTimeout(timer);
    if (this.#subprocess.exitCode !== 0) throw new Error(`It did not stop cleanly.${this.#describe()}`);
  }

  /** By itself or by a signal. */
  get #hasEnded(): boolean {
    return this.#subprocess.exitCode !== null || this.#subprocess.signalCode !== null;
  }

  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#said = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #describe(): string {
    const said = this.lines.slice(-20).map(({ record }) => JSON.stringify(record));
    return ` The end of what it said:\n${said.join('\n')}\n${this.#errorOutput}`;
  }
}
