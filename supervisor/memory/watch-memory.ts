import type { Configuration } from '../../shared/configuration/compile-configuration.js';
import type { Logger } from '../../shared/logger.js';
import type { AccountView } from '../control/controlled.js';
import { isWorking } from '../machine-running.js';
import type { Machine } from '../machine-types.js';
import { GrowthWatch } from './growth-watch.js';
import { MemoryMeter } from './memory-meter.js';
import { MemoryWatch, type RecycleRequest } from './memory-watch.js';
import { readAnonymousBytes } from './read-process-memory.js';

const bytesPerMb = 1024 * 1024;

export interface WatchedAccount {
  readonly configuration: () => Configuration;
  readonly processes: { readonly workerPid: number | undefined; readonly browserPid: number | undefined };
  readonly machine: () => Pick<Machine, 'state' | 'impairment'>;
  readonly view: () => Pick<AccountView, 'since' | 'lastMessageAt'>;
  /** The worker, and the browser if asked, are to be replaced. Answers whether they are. */
  readonly recycle: (request: RecycleRequest) => boolean;
  readonly log: Logger;
}

export type AccountMemoryWatch = Pick<MemoryWatch, 'begin' | 'close' | 'bytes'>;

/** The watch over an account's memory, on this machine. */
export function watchMemory({
  configuration,
  processes,
  machine,
  view,
  recycle,
  log,
}: WatchedAccount): AccountMemoryWatch {
  const meter = new MemoryMeter();
  const watch = new MemoryWatch({
    settings: configuration,
    processes: () => {
      const { workerPid, browserPid } = processes;
      const seen = view();
      return { workerPid, browserPid, listening: isWorking(machine()), silenceMs: silenceOf(seen, Date.now()) };
    },
    read: (roots, exact) => meter.read(roots, exact),
    recycle,
    onError: (problem) => log.warn(`The account's memory could not be measured: ${problem}`),
    now: () => performance.now(),
    random: Math.random,
  });
  const growth = new GrowthWatch({
    workerPid: () => processes.workerPid,
    hardLimit: () => configuration().memoryHardLimitMb * bytesPerMb,
    peek: readAnonymousBytes,
    onGrowth: () => watch.hurry(),
  });
  return {
    begin: () => {
      watch.begin();
      growth.begin();
    },
    close: () => {
      watch.close();
      growth.close();
    },
    get bytes() {
      return watch.bytes;
    },
  };
}

/**
 * How long nobody has heard of a message while listening, in ms. Pure.
 * Who has only just begun to listen doesn't know that it is quiet: the next message may be on its way.
 */
export function silenceOf(
  { since, lastMessageAt }: Pick<AccountView, 'since' | 'lastMessageAt'>,
  nowMs: number,
): number {
  return Math.max(
    0,
    nowMs - Math.max(Date.parse(since), lastMessageAt === null ? -Infinity : Date.parse(lastMessageAt)),
  );
}
