import { statfs } from 'node:fs/promises';

import type { Alert } from '../shared/alerts.js';
import { type DiskFindings, isDiskLow } from './judge-disk.js';

export interface DiskWatchOptions {
  /** The sessions folder. */
  readonly folder: string;
  /** Asked each time: a reload may change it. 0: nothing is low. */
  readonly limitMb: () => number;
  /** Milliseconds between looks. */
  readonly intervalMs: number;
  readonly raise: (alert: Alert) => void;
  /** The disk has room again. */
  readonly onOver: (freeMb: number) => void;
  /** Default: what the kernel says. */
  readonly read?: (folder: string) => Promise<DiskFindings>;
}

/** Looks from time to time how much the disk of the sessions folder still takes, and tells before it takes nothing. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLow = false;
  #isStopped = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { folder, read = readDisk, intervalMs } = this.#options;
    const found = await read(folder).catch(() => undefined);
    if (this.#isStopped) return;
    // A folder that can't be asked about is told by whatever can't write there.
    if (found !== undefined) this.#judge(found);
    this.#timer = setTimeout(() => void this.#look(), intervalMs).unref();
  }

  #judge(found: DiskFindings): void {
    const { folder, limitMb, raise, onOver } = this.#options;
    const isLow = isDiskLow(found, limitMb(), this.#isLow);
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    if (!isLow) {
      onOver(found.freeMb);
      return;
    }
    const files = found.freeFiles === null ? '' : ` and room for ${found.freeFiles} files`;
    raise({
      kind: 'disk-low',
      sentence: `The disk of ${folder} has ${found.freeMb} MB${files} left.`,
      action:
        'Free space before it is full: without it WhatsApp Web can neither keep nor hand over messages, and records are kept in memory only.',
    });
  }
}

async function readDisk(folder: string): Promise<DiskFindings> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  return { freeMb: Math.floor((bavail * bsize) / 1_000_000), freeFiles: files === 0 ? null : ffree };
}
