import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';

import { WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { type HangReport, hangDescriptor } from '../shared/protocol/hang-report.js';
import { logDescriptor } from '../shared/protocol/log-descriptor.js';
import type { SupervisorMessage, WorkerMessage } from '../shared/protocol/messages.js';
import { parseWorkerMessage } from '../shared/protocol/parse-message.js';
import { within } from '../shared/within.js';
import { endGroup } from './end-group.js';
import type { WorkerExit } from './exit-failure.js';
import { limitedNode, limitWithinGroup } from './memory/limit-memory.js';
import { oomScores, raiseOomScore, readOomKills } from './memory/oom-score.js';
import { readHangReports } from './read-hang-reports.js';
import type { WorkerStopBudget } from './stop-budget.js';
import { relayWorkerOutput, type WorkerOutputOptions } from './worker-output.js';

export interface WorkerOptions {
  readonly botModule: string;
  readonly log: { readonly level: string; readonly format: string };
  /**
   * Whether it goes through its first steps once before it says hello, so that they are fast when it counts. Default:
   * false.
   */
  readonly rehearse?: boolean;
  /** What it may have of memory for itself, in MB; 0: as much as there is. Default: 0. */
  readonly memoryLimitMb?: number;
  /** The worker's whole environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** The program to run. Default: wasup's own worker. */
  readonly entry?: WorkerEntry;
  /** Where what it prints goes. Default: where this process' own words go. */
  readonly output?: Pick<WorkerOutputOptions, 'stdout' | 'stderr'>;
}

export interface WorkerEntry {
  readonly path: string;
  /** What Node needs before it to load it, if anything. */
  readonly loader: readonly string[];
}

interface WorkerEvents {
  message: [WorkerMessage];
  /** Something arrived over IPC that no worker of this version says. */
  malformed: [string];
  /** Its main thread stands still, for longer than a busy one does; said once for each time. */
  hang: [HangReport];
  exit: [WorkerExit];
}

/** For a stop of this process alone; for what a stop of everything gives, see `stop-budget.ts`. */
const defaultGraces = { terminateMs: 1_000, killMs: 2_000 };

/** So many messages that make no sense are told of one process: there may be thousands. */
const maxComplaints = 10;

/** A bot worker: a Node process with an IPC channel and a private line to the browser. */
export class WorkerProcess extends EventEmitter<WorkerEvents> {
  readonly pid: number;
  /** The supervisor's end of the private line. */
  readonly line: Duplex;
  /** It, and whatever the bot has started and left in its process group. */
  readonly exited: Promise<void>;
  /** What it can take over in a page, once it has said hello. */
  pageHalf = '';
  readonly #subprocess: ReturnType<typeof spawnWorker>;
  #account: string | undefined;
  #alive = true;
  #complaints = 0;
  #oomKills = readOomKills();
  #hang: HangReport | undefined;

  /** @throws Error when the process can't be spawned at all (no memory, no process slots). */
  constructor(options: WorkerOptions) {
    super();
    this.#subprocess = spawnWorker(options);
    const { pid, stdio } = this.#subprocess;
    if (pid === undefined) throw new Error('the worker process could not be started');
    this.pid = pid;
    raiseOomScore(pid, oomScores.worker);
    this.line = stdio[3] as unknown as Duplex;
    // Its errors are told by its end; the process's own exit decides.
    this.line.on('error', () => undefined);
    const guardLine = stdio[hangDescriptor] as unknown as Duplex;
    readHangReports(guardLine, {
      onReport: (report) => {
        if (!this.#alive) return;
        this.#hang = report;
        this.emit('hang', report);
      },
      onMalformed: (problem) => this.emit('malformed', problem),
    });
    const output = relayWorkerOutput(
      {
        stdout: stdio[1],
        stderr: stdio[2],
        log: (stdio as readonly unknown[])[logDescriptor] as Readable,
      },
      { ...options.output, format: options.log.format, account: () => this.#account },
    );
    this.#subprocess.on('message', (raw: unknown) => this.#receive(raw));
    this.exited = new Promise((resolve) => {
      this.#subprocess.once('exit', (code, signal) => {
        this.#alive = false;
        const memoryRanOut = readOomKills() !== this.#oomKills;
        this.line.destroy();
        guardLine.destroy();
        const finish = (): void => {
          this.emit('exit', { code, signal, ...(memoryRanOut && { memoryRanOut }) });
          resolve();
        };
        // Its last words are told before its end is.
        void Promise.all([endGroup(this.pid), output.ended()]).then(finish);
      });
    });
    this.#subprocess.on('error', () => undefined);
  }

  /** Where its main thread stands still, as far as that is known; undefined when it has shown since that it turns. */
  get hang(): HangReport | undefined {
    return this.#hang;
  }

  send(message: SupervisorMessage): void {
    if (!this.#alive || !this.#subprocess.connected) return;
    if (message.type === 'assign') this.#account = message.account;
    this.#subprocess.send(message, undefined, undefined, () => undefined);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#alive) this.#subprocess.kill(signal);
  }

  /**
   * Message, then SIGTERM, then SIGKILL. Resolves when the process is gone.
   *
   * @param askMs how long it may take after the message; it is told so, and whether its memory is the reason.
   * @throws WasupError when it is still there `killMs` after SIGKILL: then no other may take its place.
   */
  async stop(
    askMs: number,
    {
      terminateMs,
      killMs,
      isOverMemory = false,
    }: Pick<WorkerStopBudget, 'terminateMs' | 'killMs'> & { readonly isOverMemory?: boolean } = defaultGraces,
  ): Promise<void> {
    if (!this.#alive) return;
    this.send({ type: 'stop', deadlineMs: askMs, isOverMemory });
    if (await within(this.exited, askMs)) return;
    this.kill('SIGTERM');
    // A stopped process sees SIGTERM only when it goes on.
    this.kill('SIGCONT');
    if (await within(this.exited, terminateMs)) return;
    this.kill('SIGKILL');
    if (await within(this.exited, killMs)) return;
    throw new WasupError(`Worker ${this.pid} can't be ended: it is still there ${killMs} ms after SIGKILL.`, {
      remedy: `Look at it with "ps -o pid,stat,wchan -p ${this.pid}". One in state D waits for a disk or network folder that doesn't answer.`,
      exitCode: supervisorExitCodes.unavailable,
    });
  }

  #receive(raw: unknown): void {
    // Whatever a life says, it says before its end; later words would be taken for the next life's.
    if (!this.#alive) return;
    const parsed = parseWorkerMessage(raw);
    if (parsed.ok && parsed.message.type === 'hello') this.pageHalf = parsed.message.pageHalf;
    if (parsed.ok && parsed.message.type === 'heartbeat') {
      this.#hang = undefined;
      this.#oomKills = readOomKills();
    }
    if (parsed.ok) this.emit('message', parsed.message);
    else if (++this.#complaints <= maxComplaints) this.emit('malformed', parsed.problem);
  }
}

function spawnWorker({
  botModule,
  log,
  environment,
  memoryLimitMb = 0,
  rehearse = false,
  entry = ownEntry(),
}: WorkerOptions) {
  const words = [`--bot=${botModule}`, `--log-level=${log.level}`, `--log-format=${log.format}`];
  if (rehearse) words.push('--rehearse');
  const limited = limitedNode(process.execPath, [...entry.loader, entry.path, ...words], {
    limitMb: limitWithinGroup(memoryLimitMb, process.constrainedMemory()),
    platform: process.platform,
    nodeOptions: environment['NODE_OPTIONS'],
  });
  const subprocess = execa(limited.file, limited.words, {
    env: environment,
    extendEnv: false,
    ipc: true,
    serialization: 'json',
    buffer: false,
    reject: false,
    cleanup: false,
    forceKillAfterDelay: false,
    // Ctrl-C in a terminal reaches a shared group twice; the supervisor orders the stop.
    detached: true,
    // What it prints, the line to the browser, the one of the guard thread, and its log. IPC follows.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  return subprocess;
}

/** The built worker beside this file, or its source through tsx in development. */
function ownEntry(): WorkerEntry {
  const built = fileURLToPath(new URL('../worker/main.js', import.meta.url));
  if (existsSync(built)) return { path: built, loader: [] };
  return { path: fileURLToPath(new URL('../worker/main.ts', import.meta.url)), loader: ['--import', 'tsx'] };
}
