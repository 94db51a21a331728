import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { WorkerMessage } from '../shared/protocol/messages.js';
import { within } from '../shared/within.js';
import { type BotVersion, isOutdated, readBotVersion } from './bot-version.js';
import { watchWorkerStart } from './start-account-worker.js';
import type { WorkerOptions, WorkerProcess } from './worker-process.js';

type Hello = Extract<WorkerMessage, { type: 'hello' }>;
type LogOptions = Configuration['log'];

/** A worker that waits: it has loaded its modules and the bot, and knows of no account. */
export interface WaitingWorker {
  readonly worker: WorkerProcess;
  readonly bot: BotVersion;
  readonly hello: Hello;
}

interface Waiting {
  readonly worker: WorkerProcess;
  readonly bot: BotVersion;
  readonly log: LogOptions;
  hello?: Hello;
}

export interface StandbyPoolOptions {
  readonly isEnabled: boolean;
  /** @throws Error when the process can't be spawned. */
  readonly spawn: (options: Pick<WorkerOptions, 'botModule' | 'log'>) => WorkerProcess;
  readonly startTimeoutMs: () => number;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
}

/** A session that just listens has messages to hand over; after this the machine has time to load the next worker. */
const refillDelayMs = 200;
/** After each end of a waiting worker that nobody has asked for, the next one comes later. */
const refillDelaysMs = [refillDelayMs, 5_000, 60_000, 600_000];
/** After a change of the code the accounts' own workers come first. */
const renewDelayMs = 5_000;
/** It has nothing to hand over. */
const stopTimeoutMs = 1_000;

/**
 * One worker for the whole machine that waits for the next crash: loading takes half a second, which nobody has to wait for then. What it
 * has loaded is kept an eye on: a worker with an older version of code or bot is never handed out.
 */
export class StandbyPool {
  readonly #options: StandbyPoolOptions;
  #waiting: Waiting | undefined;
  /** What the next one is to load. */
  #wanted: { readonly botModule: string; readonly log: LogOptions } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;
  /** A bot that can't be loaded beside itself, until it is another one. */
  #refused: BotVersion | undefined;
  #isClosed = false;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: StandbyPoolOptions) {
    this.#options = options;
  }

  /** Whether one waits. */
  get isReady(): boolean {
    return this.#waiting?.hello !== undefined;
  }

  /** @returns undefined when none waits that has loaded this bot as it is now. */
  take(botModule: string, log: LogOptions): WaitingWorker | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    if (isOutdated(waiting.bot, botModule) || !isSame(waiting.log, log)) {
      // Another account may have this bot; else it is in nobody's way for long.
      if (isOutdated(waiting.bot, waiting.bot.path)) this.retire();
      return undefined;
    }
    const { worker, bot, hello } = waiting;
    if (hello === undefined) return undefined;
    this.#waiting = undefined;
    worker.removeAllListeners();
    return { worker, bot, hello };
  }

  /** An account with this bot listens: there is time to have one ready for it. */
  refill(botModule: string, log: LogOptions): void {
    if (!this.#options.isEnabled || this.#isClosed) return;
    this.#wanted = { botModule, log };
    if (this.#waiting === undefined)
      this.#startIn(refillDelaysMs[Math.min(this.#lost, refillDelaysMs.length - 1)] ?? 0);
  }

  /** Code or bot have changed: whoever waits has loaded something else. The next one comes when an account listens, or a little later. */
  retire(): void {
    this.#lost = 0;
    this.#refused = undefined;
    this.#end();
    if (this.#wanted !== undefined) this.#startIn(renewDelayMs);
  }

  /** Resolves when nobody is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#end();
    await Promise.all(this.#ending);
  }

  /** Without politeness. */
  kill(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#waiting?.worker.kill('SIGKILL');
  }

  #startIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), delayMs).unref();
  }

  #start(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#waiting !== undefined || this.#isClosed) return;
    const bot = readBotVersion(wanted.botModule);
    if (this.#refused?.path === bot.path && this.#refused.stamp === bot.stamp) return;
    let worker: WorkerProcess;
    try {
      worker = this.#options.spawn(wanted);
    } catch (error) {
      this.#options.log.warn(`No worker waits on standby: ${describeError(error)}`);
      this.#lose();
      return;
    }
    const waiting: Waiting = { worker, bot, log: wanted.log };
    this.#waiting = waiting;
    const giveUp = (reason: string): void => {
      this.#refused = bot;
      this.#options.log.warn(
        `No worker waits on standby, so that a restart takes half a second longer: ${reason} It is tried again when the bot has changed.`,
      );
    };
    watchWorkerStart(worker, {
      botModule: bot.path,
      startTimeoutMs: this.#options.startTimeoutMs(),
      onTooSlow: (reason) => giveUp(`${reason}.`),
    });
    worker.on('message', (message) => {
      if (message.type === 'hello') {
        waiting.hello = message;
        this.#options.log.debug(`Worker ${worker.pid} waits on standby.`);
      } else if (message.type === 'failure' && this.#waiting === waiting) giveUp(message.reason);
    });
    worker.once('exit', () => {
      if (this.#waiting !== waiting) return;
      this.#waiting = undefined;
      this.#lose();
    });
  }

  #lose(): void {
    this.#lost += 1;
    const wanted = this.#wanted;
    if (wanted !== undefined) this.refill(wanted.botModule, wanted.log);
  }

  #end(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    const { worker } = waiting;
    const ending = (async () => {
      worker.kill('SIGTERM');
      if (await within(worker.exited, stopTimeoutMs)) return;
      worker.kill('SIGKILL');
      await within(worker.exited, stopTimeoutMs);
    })().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function isSame(one: LogOptions, other: LogOptions): boolean {
  return one.level === other.level && one.format === other.format;
}
