export interface GrowthWatchOptions {
  readonly workerPid: () => number | undefined;
  /** In bytes; 0: none. */
  readonly hardLimit: () => number;
  /** What a process has for itself, in bytes, at a cost that can be paid several times a second; undefined where it can't be had. */
  readonly peek: (pid: number) => number | undefined;
  /** The worker has grown by a tenth of the hard limit since the last time, or since it was smallest. */
  readonly onGrowth: () => void;
}

/** A bot that keeps all it gets may take hundreds of megabytes within a second; a look takes 0.03 ms. */
const peekMs = 250;

interface Size {
  readonly pid: number;
  readonly bytes: number;
}

/** Looks often whether a worker grows fast, so that a measurement of the account needn't wait for its time. */
export class GrowthWatch {
  readonly #options: GrowthWatchOptions;
  #from: Size | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GrowthWatchOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), peekMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { workerPid, hardLimit, peek, onGrowth } = this.#options;
    const pid = workerPid();
    const bytes = pid === undefined ? undefined : peek(pid);
    if (pid === undefined || bytes === undefined) return;
    const { from, hasGrown } = followGrowth(this.#from, { pid, bytes }, hardLimit());
    this.#from = from;
    if (hasGrown) onGrowth();
  }
}

const growthToTell = 0.1;

/** What one more look makes of it. Pure. A worker that nobody has seen yet has grown from nothing. */
export function followGrowth(
  from: Size | undefined,
  now: Size,
  hardBytes: number,
): { readonly from: Size; readonly hasGrown: boolean } {
  const before = from?.pid === now.pid ? from : { pid: now.pid, bytes: 0 };
  const hasGrown = hardBytes > 0 && now.bytes - before.bytes > hardBytes * growthToTell;
  return { from: hasGrown || now.bytes < before.bytes ? now : before, hasGrown };
}
