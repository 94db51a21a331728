import { mkdtempSync } from 'node:fs';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Phone, type Sandbox, type SandboxOptions, type SentMessage, startSandbox } from '../../sandbox/index.js';
import type { DeviceStatus } from '../../shared/device-status.js';
import type { SessionPaths } from '../../shared/paths.js';
import { readAttempts } from '../../shared/restore-metrics.js';
import type { SessionHistoryEntry } from '../../shared/session-history.js';
import { oncePerRun } from './once-per-run.js';
import { findProcesses, type LivingProcess } from './processes.js';
import { type ListeningStatus, StagedAccount } from './staged-account.js';
import { SupervisorProcess, type SupervisorProcessOptions } from './supervisor-process.js';
import { until } from './until.js';

export { contactNumber, type ListeningStatus, type StagedAccount } from './staged-account.js';

/** Of the North American plan, and kept free for fiction. */
export const accountNumber = '12025550100';

/** The path of a bot module for tests. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../end-to-end/fixtures/${name}`, import.meta.url));
}

export interface StartOptions {
  readonly words?: readonly string[];
  /** Beside the account, the folder, and the way to the sandbox. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs the supervisor; see {@link SupervisorProcess}. */
  readonly runner?: Partial<Pick<SupervisorProcessOptions, 'command' | 'hasOwnGroup' | 'workingDirectory'>>;
}

/** What the sandbox knows of the devices that are linked. */
const stateFileName = 'whatsapp.json';

/** How long processes may take to go after the supervisor has gone without a chance to stop them, where that isn't what is asked. */
const orphanTimeoutMs = 20_000;

/**
 * A user's machine in small: an empty folder, an emulated WhatsApp, and supervisors that are configured through their
 * environment alone. `close` ends everything and makes sure that nothing was left behind.
 */
export class Stage {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly sessionsFolder: string;
  readonly workingDirectory: string;
  readonly #account: StagedAccount;
  readonly #supervisors: SupervisorProcess[] = [];

  static async open(options: SandboxOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'wasup-test-'));
    const stage = new Stage(folder, await startSandbox(options));
    await mkdir(stage.workingDirectory);
    return stage;
  }

  /**
   * A stage with an account that was linked, has listened and was stopped: a copy of one that was really linked, once in this run of the
   * tests. What a phone of this sandbox has counted begins with 0.
   */
  static async openAtRest(options: SandboxOptions = {}): Promise<Stage> {
    const { build = 'current' } = options;
    const linked = await oncePerRun(`linked-${build}`, (draft) => Stage.#linkAndStop(draft, build));
    const folder = mkdtempSync(join(tmpdir(), 'wasup-test-'));
    await cp(linked, folder, { recursive: true, preserveTimestamps: true });
    const known = { autoLink: { number: accountNumber }, stateFile: join(folder, stateFileName) };
    return new Stage(folder, await startSandbox({ ...known, ...options }));
  }

  /** @param folder gets everything that a stage has, with what its sandbox knows. */
  static async #linkAndStop(folder: string, build: SandboxOptions['build']): Promise<void> {
    const stateFile = join(folder, stateFileName);
    const stage = new Stage(folder, await startSandbox({ build, stateFile, autoLink: { number: accountNumber } }));
    try {
      await mkdir(stage.workingDirectory);
      const supervisor = stage.start();
      await stage.waitUntilListening();
      await stage.waitForEvent('device_linked', 0);
      await stage.waitForEvent('session_up', 0);
      // The attempt comes last.
      await until(async () => (await readAttempts(stage.paths.restoreMetrics)).attempts[0], {
        expectation: () => `the link in the books.${stage.#describe()}`,
      });
      await supervisor.stop();
      await stage.waitUntilNothingRuns();
    } finally {
      await stage.stopAll().catch(() => undefined);
      await stage.sandbox.close();
    }
  }

  /** A stage with a linked account that listens. */
  static async openLinked(
    sandboxOptions: SandboxOptions = {},
    startOptions: StartOptions = {},
  ): Promise<{ stage: Stage; supervisor: SupervisorProcess }> {
    const stage = await Stage.open({ autoLink: { number: accountNumber }, ...sandboxOptions });
    try {
      const supervisor = stage.start(startOptions);
      await stage.waitUntilListening();
      return { stage, supervisor };
    } catch (error) {
      await stage.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(folder: string, sandbox: Sandbox) {
    this.folder = folder;
    this.sandbox = sandbox;
    this.sessionsFolder = join(folder, 'sessions');
    this.workingDirectory = join(folder, 'working-directory');
    this.#account = this.account(accountNumber);
  }

  /** Any account of this stage; what the stage itself does is about the one that it is made for. */
  account(number: string): StagedAccount {
    return new StagedAccount({
      number,
      sessionsFolder: this.sessionsFolder,
      phone: this.sandbox.phone(number),
      describe: () => this.#describe(),
      isAnybodyRunning: () => this.#supervisors.some(({ isRunning }) => isRunning),
    });
  }

  get phone(): Phone {
    return this.#account.phone;
  }

  get paths(): SessionPaths {
    return this.#account.paths;
  }

  /** What a supervisor has to be told: the account, the folder, and the way to the sandbox. */
  get environment(): Readonly<Record<string, string>> {
    return {
      WASUP_ACCOUNTS: accountNumber,
      WASUP_SESSIONS_DIR: this.sessionsFolder,
      // Two stages at once don't meet.
      WASUP_HTTP_PORT: '0',
      WASUP_BROWSER_ARGS: JSON.stringify(this.sandbox.browserArguments),
      // For the bot that notes what it gets.
      RECORDING: this.recording,
    };
  }

  /** What a bot has noted that notes what it gets. */
  get recording(): string {
    return join(this.folder, 'recording');
  }

  start({ words = [], environment = {}, runner = {} }: StartOptions = {}): SupervisorProcess {
    const supervisor = new SupervisorProcess({
      words,
      workingDirectory: this.workingDirectory,
      environment: { ...this.environment, ...environment },
      ...runner,
    });
    this.#supervisors.push(supervisor);
    return supervisor;
  }

  status(): Promise<DeviceStatus> {
    return this.#account.status();
  }

  history(): Promise<readonly SessionHistoryEntry[]> {
    return this.#account.history();
  }

  /** The story of links and restores: without when the session was up and down, and what was alerted. */
  async restoreHistory(): Promise<readonly SessionHistoryEntry[]> {
    const others = ['session_up', 'session_down', 'session_stopped', 'alert'];
    return (await this.history()).filter(({ eventType }) => !others.includes(eventType));
  }

  /** @see StagedAccount.waitUntilLoginIsOnDisk */
  waitUntilLoginIsOnDisk(): Promise<void> {
    return this.#account.waitUntilLoginIsOnDisk();
  }

  /** What the account has alerted, oldest first. */
  alerts(): Promise<unknown[]> {
    return this.#account.alerts();
  }

  /** Status and history are two files; what the status says already may come to the history a moment later. */
  async waitForEvent(eventType: string, earlierEntries: number): Promise<SessionHistoryEntry> {
    return until(
      async () => (await this.history()).slice(earlierEntries).find((entry) => entry.eventType === eventType),
      { expectation: () => `"${eventType}" in the history.${this.#describe()}` },
    );
  }

  waitForStatus(
    holds: (status: DeviceStatus) => boolean,
    expectation: string,
    timeoutMs?: number,
  ): Promise<DeviceStatus> {
    return this.#account.waitForStatus(holds, expectation, timeoutMs);
  }

  /** @param before the status of an earlier life; then only a later one counts. */
  waitUntilListening(before?: { readonly workerPid: number }): Promise<ListeningStatus> {
    return this.#account.waitUntilListening(before);
  }

  /** A contact writes; resolves with the bot's quoted answer. */
  ask(body: string, options?: { group?: string }): Promise<SentMessage> {
    return this.#account.ask(body, options);
  }

  answerTo(messageId: string): Promise<SentMessage> {
    return this.#account.answerTo(messageId);
  }

  /** How often the bot has answered a message. */
  answersTo(messageId: string): number {
    return this.phone.sent.filter(({ quotedMessageId }) => quotedMessageId === messageId).length;
  }

  /** Workers, browsers and their helpers that belong to this stage. */
  get processes(): LivingProcess[] {
    return findProcesses(this.sessionsFolder);
  }

  /**
   * The same, for the moment in which a supervisor has ended: without Chromium's crash handlers, which see the end of their browser a moment
   * later. `close` asks for them, too.
   */
  get leftBehind(): LivingProcess[] {
    return this.processes.filter(({ commandLine }) => !commandLine.includes('chrome_crashpad_handler'));
  }

  /** What Chromium leaves in a profile that it holds. */
  async locks(): Promise<string[]> {
    const entries = await readdir(this.paths.profile).catch(() => []);
    return entries.filter((name) => name.startsWith('Singleton'));
  }

  async waitUntilNothingRuns(timeoutMs = orphanTimeoutMs): Promise<void> {
    await until(() => (this.processes.length === 0 ? true : undefined), {
      timeoutMs,
      expectation: () => `nothing to be left of ${this.folder}; there still is ${describeProcesses(this.processes)}`,
    });
  }

  /** Stops what runs, so that the next test can start from a device that is linked and at rest. */
  async stopAll(): Promise<void> {
    for (const supervisor of this.#supervisors.filter(({ isRunning }) => isRunning)) await supervisor.stop();
  }

  /**
   * @param pageErrors those errors of the sandbox's page that nothing which the test did explains. Default: all.
   * @throws Error when a process, a lock or a file is left where there should be none.
   */
  async close({
    pageErrors,
  }: { readonly pageErrors?: (all: readonly string[]) => readonly string[] } = {}): Promise<void> {
    const complaints: string[] = [];
    const complain = (error: unknown): void =>
      void complaints.push(error instanceof Error ? error.message : String(error));
    await this.stopAll().catch(complain);
    await this.waitUntilNothingRuns().catch(complain);
    for (const { pid } of this.processes) killIfThere(pid);
    const locks = await this.locks();
    if (locks.length > 0) complaints.push(`The profile is still locked: ${locks.join(', ')}.`);
    const strays = await readdir(this.workingDirectory);
    if (strays.length > 0) complaints.push(`Files were written into the working directory: ${strays.join(', ')}.`);
    const errors = pageErrors?.(this.sandbox.pageErrors) ?? this.sandbox.pageErrors;
    if (errors.length > 0) complaints.push(`The sandbox's page had errors: ${errors.join('; ')}`);
    await this.sandbox.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    if (complaints.length > 0) throw new Error(`${complaints.join('\n')}${this.#describe()}`);
  }

  #describe(): string {
    return this.#supervisors.at(-1)?.describe() ?? '';
  }
}

function describeProcesses(processes: readonly LivingProcess[]): string {
  return processes.map(({ pid, commandLine }) => `${pid} (${commandLine.slice(0, 120)})`).join(', ');
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
