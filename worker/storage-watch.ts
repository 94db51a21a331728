import { roomAction } from '../shared/files/has-room.js';
import { DeadlineError, withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';
import type { SessionHealth } from './session-health.js';
import { judgeStorage, nextStorageStep, type StorageLook } from './storage-verdict.js';
import { WorkerFailure } from './worker-failure.js';

export interface StorageWatchOptions {
  readonly health: Pick<SessionHealth, 'note' | 'clear' | 'has'>;
  /** How long a look may take, in ms. */
  readonly timeoutMs: number;
  /** The folder of the browser's profile, for people. */
  readonly profile: string;
  /** Has the page write and read back a record. */
  look(): Promise<StorageLook>;
  /** Whether the disk of the profile takes a page's storage. */
  readonly hasRoom: () => Promise<boolean>;
  /** The session can't go on in this browser. */
  readonly fail: (failure: WorkerFailure) => void;
  /** Which document of the page listens now; undefined while none does. */
  document(): number | undefined;
}

/** Looks whether the page can write its storage, and does about it what has to be done (storage-verdict.ts). */
export class StorageWatch {
  readonly #options: StorageWatchOptions;
  #missed = 0;

  constructor(options: StorageWatchOptions) {
    this.#options = options;
  }

  /**
   * One look.
   *
   * @throws WorkerFailure when the page or the browser is gone.
   */
  async look(): Promise<void> {
    const { health, hasRoom, profile } = this.#options;
    const document = this.#options.document();
    if (document === undefined) return;
    const isCurrent = (): boolean => this.#options.document() === document;
    const found = await this.#ask();
    if (found === undefined || !isCurrent()) return;
    this.#missed = found === 'silent' ? this.#missed + 1 : 0;
    const verdict = judgeStorage(found, this.#missed);
    if (verdict.is === 'unknown') return;
    if (verdict.is === 'well') {
      health.clear('storage');
      return;
    }
    // Known to be impaired before the disk is asked, which may take its time.
    if (!health.has('storage')) health.note('storage', verdict.reason, roomAction(profile));
    const isRoomy = await hasRoom();
    if (!isCurrent()) return;
    const full = isRoomy ? '' : `; the disk of ${profile} has no room`;
    const reason = `${verdict.reason}${full}`;
    health.note('storage', reason, isRoomy ? null : roomAction(profile));
    // Class LOCAL: the next life gets another browser.
    if (nextStorageStep(isRoomy) === 'fresh-browser') this.#options.fail(new WorkerFailure('LOCAL', reason));
  }

  async #ask(): Promise<StorageLook | 'silent' | undefined> {
    try {
      return await withDeadline(this.#options.look(), this.#options.timeoutMs, "Writing the page's storage");
    } catch (error) {
      if (error instanceof DeadlineError) return 'silent';
      const failure = classifyFailure(error);
      if (failure.class === 'TRANSIENT') return undefined;
      throw failure;
    }
  }
}
