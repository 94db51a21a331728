import type { Configuration } from '../../shared/configuration/compile-configuration.js';
import { describeError } from '../../shared/errors.js';
import {
  followMemory,
  judgeMemory,
  type MemoryLimits,
  type MemoryTrend,
  type MemoryVerdict,
  noTrend,
} from './judge-memory.js';

/** Browser and worker are to be replaced now, in order: a browser that is killed may lose its login. Or the worker alone. */
export interface RecycleRequest {
  readonly because: 'soft-limit' | 'hard-limit' | 'age';
  /** A sentence for people. */
  readonly reason: string;
  /** Whether the browser is to be replaced, too. It isn't where it is the worker that is large: the next one takes over without a gap. */
  readonly freshBrowser: boolean;
}

export interface WatchedProcesses {
  readonly browserPid: number | undefined;
  readonly workerPid: number | undefined;
  readonly listening: boolean;
  /** How long it has listened without a message, in ms. */
  readonly silenceMs: number;
}

export interface MemoryWatchOptions {
  /** Asked each time, so that other limits hold at once. */
  readonly settings: () => Pick<
    Configuration,
    'memoryIntervalMs' | 'memorySoftLimitMb' | 'memoryHardLimitMb' | 'quietMs' | 'recycleAfterMs'
  >;
  readonly processes: () => WatchedProcesses;
  /** PSS of these processes and their descendants in bytes; undefined where it can't be measured. */
  readonly read: (roots: readonly number[], exact: boolean) => Promise<number | undefined>;
  /** Answers whether it is being done; else it is asked for again at the next measurement. */
  readonly recycle: (request: RecycleRequest) => boolean;
  /** A measurement failed in a way that nobody has thought of. */
  readonly onError: (problem: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Between 0 and 1. */
  readonly random: () => number;
}

const bytesPerMb = 1024 * 1024;
/** Ages and measurements of many accounts are spread by so much to each side. */
const spread = 0.1;
/** What is over the hard limit is looked at again so soon. */
const confirmationMs = 5_000;

/** What a new worker needs. */
const freshWorkerBytes = 100 * bytesPerMb;

interface Measurement {
  readonly bytes: number;
  readonly workerPid: number | undefined;
  /** Whether the processes are still the ones that were measured. */
  readonly isStillIts: () => boolean;
}

/** Watches one account's memory, and the age of its browser. Each browser is a new beginning. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isMeasuring = false;
  #isOpen = true;
  #bytes: number | null = null;
  #trend: MemoryTrend = noTrend;
  #lastRecycleAtMs: number | null = null;
  #browser: { readonly pid: number; readonly bornAtMs: number; readonly lifetime: number } | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** The newest measurement of the processes that live now; null before there was one, and where there can't be. */
  get bytes(): number | null {
    return this.#bytes;
  }

  /** The first measurement comes at a random moment within the interval, so that many accounts don't measure together. */
  begin(): void {
    const { settings, random } = this.#options;
    this.#measureIn(settings().memoryIntervalMs * random());
  }

  /** Measures now, unless that is being done: something grows fast. */
  hurry(): void {
    if (this.#isOpen && this.#timer !== undefined && !this.#isMeasuring) this.#measureIn(0);
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
  }

  #measureIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isMeasuring = true;
      void this.#measure()
        .catch((error: unknown) => this.#options.onError(describeError(error)))
        .finally(() => {
          this.#isMeasuring = false;
          if (this.#isOpen) this.#measureIn(this.#nextDelayMs());
        });
    }, delayMs).unref();
  }

  #nextDelayMs(): number {
    const { memoryIntervalMs } = this.#options.settings();
    if (this.#trend.overHardSinceMs !== null) return Math.min(memoryIntervalMs, confirmationMs);
    return this.#spread(memoryIntervalMs);
  }

  async #measure(): Promise<void> {
    const { settings, processes, read, now } = this.#options;
    const { browserPid, workerPid } = processes();
    this.#meet(browserPid);
    if (browserPid === undefined) return;
    const roots = workerPid === undefined ? [browserPid] : [browserPid, workerPid];
    const limits = limitsOf(settings());
    const isStillIts = (): boolean => this.#isOpen && processes().browserPid === browserPid;
    let bytes = await read(roots, false);
    // An estimate is good enough to see that all is well, and not for more.
    if (bytes !== undefined && isOver(bytes, limits) && isStillIts()) bytes = await read(roots, true);
    if (!isStillIts()) return;
    this.#bytes = bytes ?? null;
    this.#trend = bytes === undefined ? noTrend : followMemory(this.#trend, bytes, limits, now());
    await this.#act(this.#judge(), { bytes: bytes ?? 0, workerPid, isStillIts });
  }

  /** Whether there is another browser than at the last look. */
  #meet(browserPid: number | undefined): void {
    if (this.#browser?.pid === browserPid) return;
    this.#bytes = null;
    this.#trend = noTrend;
    this.#browser =
      browserPid === undefined
        ? undefined
        : { pid: browserPid, bornAtMs: this.#options.now(), lifetime: this.#spread(1) };
  }

  #judge(): MemoryVerdict {
    const { settings, processes, now } = this.#options;
    const { recycleAfterMs, quietMs } = settings();
    const { listening, silenceMs } = processes();
    const nowMs = now();
    const dueAtMs = (this.#browser?.bornAtMs ?? nowMs) + recycleAfterMs * (this.#browser?.lifetime ?? 1);
    return judgeMemory({
      trend: this.#trend,
      oldSinceMs: recycleAfterMs > 0 && nowMs >= dueAtMs ? dueAtMs : null,
      nowMs,
      lastRecycleAtMs: this.#lastRecycleAtMs,
      listening,
      silenceMs,
      quietMs,
    });
  }

  async #act(verdict: MemoryVerdict, { bytes, workerPid, isStillIts }: Measurement): Promise<void> {
    if (verdict.action !== 'recycle' && verdict.action !== 'recycle-now') return;
    const { now, recycle, read, settings } = this.#options;
    const { because } = verdict;
    const reason = this.#describe(because);
    const workerBytes = because === 'age' || workerPid === undefined ? 0 : ((await read([workerPid], true)) ?? 0);
    if (!isStillIts()) return;
    const freshBrowser = isOver(bytes - workerBytes + freshWorkerBytes, limitsOf(settings()));
    const accepted = recycle({ because, reason, freshBrowser: because === 'age' || freshBrowser });
    if (!accepted) return;
    this.#lastRecycleAtMs = now();
    this.#trend = noTrend;
  }

  #describe(because: RecycleRequest['because']): string {
    const { memorySoftLimitMb, memoryHardLimitMb } = this.#options.settings();
    const used = `Browser and worker use ${Math.round((this.#bytes ?? 0) / bytesPerMb)} MB`;
    switch (because) {
      case 'soft-limit':
        return `${used}, more than the soft limit of ${memorySoftLimitMb} MB (WASUP_MEMORY_SOFT_LIMIT_MB)`;
      case 'hard-limit':
        return `${used}, more than the hard limit of ${memoryHardLimitMb} MB (WASUP_MEMORY_HARD_LIMIT_MB); if that comes again, look for what the bot keeps, or raise the limit`;
      case 'age':
        return 'Browser and worker have reached the age at which they are replaced (WASUP_RECYCLE_AFTER_MS)';
    }
  }

  #spread(value: number): number {
    return value * (1 - spread + 2 * spread * this.#options.random());
  }
}

function limitsOf(settings: ReturnType<MemoryWatchOptions['settings']>): MemoryLimits {
  return { softBytes: settings.memorySoftLimitMb * bytesPerMb, hardBytes: settings.memoryHardLimitMb * bytesPerMb };
}

function isOver(bytes: number, { softBytes, hardBytes }: MemoryLimits): boolean {
  return (softBytes > 0 && bytes > softBytes) || (hardBytes > 0 && bytes > hardBytes);
}
