import type { SandboxOptions } from '../../sandbox/index.js';
import { OneOfMany } from './one-of-many.js';
import { descendantsOf, readProcessTable, type TableEntry } from './process-table.js';
import { isAlive } from './processes.js';
import { Stage } from './stage.js';
import type { SupervisorProcess } from './supervisor-process.js';
import { until } from './until.js';

/** Several accounts of one sandbox below one supervisor, which is replaced when it is killed. */
export class ManyAccounts {
  readonly accounts: readonly OneOfMany[];
  readonly supervisors: SupervisorProcess[] = [];
  readonly stage: Stage;
  readonly #environment: Readonly<Record<string, string>>;
  #replacing: Promise<unknown> = Promise.resolve();
  readonly #asking = new Set<Promise<unknown>>();

  /**
   * Links the accounts one after the other, and starts a supervisor for all of them.
   *
   * @param prepare is given the stage before the first account is linked.
   */
  static async openLinked(
    numbers: readonly string[],
    environment: Record<string, string>,
    sandboxOptions: SandboxOptions = {},
    prepare: (stage: Stage) => void = () => undefined,
  ): Promise<ManyAccounts> {
    const stage = await Stage.open(sandboxOptions);
    const many = new ManyAccounts(stage, numbers, environment);
    try {
      prepare(stage);
      for (const account of many.accounts) await account.link();
      many.#start();
      await Promise.all(many.accounts.map((account) => account.untilListening()));
      return many;
    } catch (error) {
      await stage.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(stage: Stage, numbers: readonly string[], environment: Readonly<Record<string, string>>) {
    this.stage = stage;
    this.#environment = environment;
    this.accounts = numbers.map((number) => new OneOfMany(this, number));
  }

  get supervisor(): SupervisorProcess {
    const latest = this.supervisors.at(-1);
    if (latest === undefined) throw new Error('There is no supervisor yet.');
    return latest;
  }

  get numbers(): readonly string[] {
    return this.accounts.map(({ number }) => number);
  }

  /** Kills the supervisor and starts the next one at once, as a service manager does. Never while an answer is under way. */
  replaceSupervisor(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    return this.#startAfter(async () => {
      const killed = this.supervisor;
      killed.signal('SIGKILL');
      await until(() => !isAlive(killed.pid) || undefined, { expectation: () => 'the supervisor to be gone' });
      await meanwhile();
    });
  }

  /** Stops the supervisor in order, and starts the next one. @param meanwhile happens while none runs. */
  restartSupervisor(meanwhile: () => Promise<void>): Promise<void> {
    return this.#startAfter(async () => {
      await this.supervisor.stop();
      await meanwhile();
    });
  }

  #startAfter(end: () => Promise<void>): Promise<void> {
    const replaced = this.#replacing.then(async () => {
      await Promise.allSettled(this.#asking);
      await end();
      this.#start();
    });
    this.#replacing = replaced;
    return replaced;
  }

  /** Asks while nobody kills the supervisor: whether an answer that was half given is given again is another matter. */
  async undisturbed<Result>(ask: () => Promise<Result>): Promise<Result> {
    await this.#replacing;
    const asked = ask();
    this.#asking.add(asked);
    try {
      return await asked;
    } finally {
      this.#asking.delete(asked);
    }
  }

  /** @throws Error when anything of the stage runs that isn't the supervisor's, or is there twice. */
  async assertNobodyElseRuns(crashReporters: number): Promise<void> {
    let complaints: string[] = [];
    await until(() => ((complaints = this.#complain(crashReporters)).length === 0 ? true : undefined), {
      timeoutMs: strangersTimeoutMs,
      expectation: () => `the processes to be those of the accounts: ${complaints.join('; ')}`,
    });
  }

  /** They don't descend from anybody; a browser has as many as the machine's Chromium gives it. */
  countCrashReporters(): number {
    return this.#ofStage(readProcessTable()).filter(isCrashReporter).length;
  }

  #start(): void {
    this.supervisors.push(
      this.stage.start({ environment: { ...this.#environment, WASUP_ACCOUNTS: this.numbers.join(',') } }),
    );
  }

  #ofStage(table: readonly TableEntry[]): TableEntry[] {
    const folder = this.stage.sessionsFolder;
    return table.filter(
      ({ pid, commandLine, environment }) =>
        pid !== process.pid && (commandLine.includes(folder) || environment.includes(folder)),
    );
  }

  #complain(crashReporters: number): string[] {
    const table = readProcessTable();
    const { pid } = this.supervisor;
    const children = table.filter(({ parent }) => parent === pid);
    const family = new Set([pid, ...descendantsOf(pid, table).map((descendant) => descendant.pid)]);
    const strangers = this.#ofStage(table).filter((entry) => !family.has(entry.pid) && !isCrashReporter(entry));
    const zombies = children.filter(({ state }) => state === 'Z');
    const reporters = this.#ofStage(table).filter(isCrashReporter).length;
    const counts = this.accounts.flatMap((account) => {
      const workers = children.filter((entry) => account.isWorker(entry)).length;
      const browsers = children.filter((entry) => account.isBrowser(entry)).length;
      return workers === 1 && browsers === 1 ? [] : [`${account.number} has ${workers} workers, ${browsers} browsers`];
    });
    // One may wait for whichever account needs it next.
    const waiting = children.filter(
      (entry) => entry.commandLine.includes('--rehearse') && !this.accounts.some((account) => account.isWorker(entry)),
    ).length;
    const others = children.length - zombies.length - Math.min(waiting, 1) - 2 * this.accounts.length;
    return [
      ...counts,
      ...(others === 0 ? [] : [`the supervisor has ${others} children too many`]),
      ...(reporters === crashReporters ? [] : [`${reporters} crash reporters instead of ${crashReporters}`]),
      ...zombies.map((zombie) => `${zombie.pid} is a zombie`),
      ...strangers.map(({ pid: stranger, commandLine }) => `${stranger} (${commandLine.slice(0, 100)}) is a stranger`),
    ];
  }
}

/** A browser's helpers leave a moment after it. */
const strangersTimeoutMs = 60_000;

function isCrashReporter({ commandLine }: TableEntry): boolean {
  return commandLine.includes('chrome_crashpad_handler');
}
