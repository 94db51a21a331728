import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('fixtures/claim-folder.ts', import.meta.url));

/** A process of its own that claims sessions folders. */
export class ClaimingProcess {
  readonly #subprocess: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;

  static async start(): Promise<ClaimingProcess> {
    const started = new ClaimingProcess();
    await started.#nextLine();
    return started;
  }

  private constructor() {
    const subprocess = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#subprocess = subprocess;
    this.#lines = createInterface({ input: subprocess.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#subprocess.pid ?? 0;
  }

  /** Resolves with what it says: `claimed`, or `refused <exit code> <message> | <remedy>`. */
  async claim(directory: string): Promise<string> {
    this.#subprocess.stdin?.write(`${directory}\n`);
    return this.#nextLine();
  }

  signal(name: NodeJS.Signals): void {
    this.#subprocess.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#subprocess.exitCode !== null || this.#subprocess.signalCode !== null) return;
    const exited = once(this.#subprocess, 'exit');
    this.#subprocess.kill('SIGKILL');
    await exited;
  }

  async #nextLine(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The process has gone without a word.');
    return line.value;
  }
}
