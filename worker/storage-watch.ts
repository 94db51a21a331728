import { roomAction } from '../shared/files/has-room.js';
import { DeadlineError, withDeadline } from '../shared/with-deadline.js';
import { classifyFailure } from './classify-failure.js';
import type { SessionHealth } from './session-health.js';
import { type FoundStorage, judgeStorage, nextStorageStep, type StorageLook } from './storage-verdict.js';
import { WorkerFailure } from './worker-failure.js';

export interface StorageWatchOptions {
  readonly health: Pick<SessionHealth, 'note' | 'clear' | 'has'>;
  /** How long the page may take to answer, in ms. */
  readonly timeoutMs: number;
  /** The folder of the browser's profile, for people. */
  readonly profile: string;
  /**
   * Has the page write and read back a record; undefined for one that can have no storage.
   *
   * @param patienceMs how long a page that lives waits for its storage.
   */
  look(patienceMs: number): Promise<StorageLook | 'waits' | undefined>;
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
  #waiting = 0;

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
    if (found !== 'silent') this.#waiting = found === 'waits' ? this.#waiting + 1 : 0;
    const verdict = judgeStorage(found, this.#waiting);
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

  /**
   * One look at a page that comes up. No answer proves nothing: it may be busy with its sync.
   *
   * @returns why nothing comes of the page in its browser. Class LOCAL: the next life gets another one, which starts
   * when the disk has room.
   */
  async findFailure(): Promise<WorkerFailure | undefined> {
    // A page that has gone is told of elsewhere.
    const found = await this.#ask().catch(() => undefined);
    if (found === undefined) return undefined;
    const verdict = judgeStorage(found, 0);
    return verdict.is === 'impaired' ? new WorkerFailure('LOCAL', verdict.reason) : undefined;
  }

  /**
   * Checks that the page may be loaded anew. On a disk without room, and after one, that may cost the login
   * (storage-verdict.ts).
   *
   * @param reason for the load, as the beginning of a sentence.
   * @throws WorkerFailure of class LOCAL when another browser is needed.
   */
  async refuseUnsafeLoad(reason: string): Promise<void> {
    const { profile, hasRoom } = this.#options;
    const failure = await this.findFailure();
    if (failure !== undefined) throw failure;
    if (await hasRoom()) return;
    throw new WorkerFailure('LOCAL', `${reason}; the disk of ${profile} has no room`, {
      userAction: roomAction(profile),
    });
  }

  async #ask(): Promise<FoundStorage | undefined> {
    const { timeoutMs } = this.#options;
    try {
      // The page has the other half of the time for its answer.
      return await withDeadline(this.#options.look(timeoutMs / 2), timeoutMs, "Writing the page's storage");
    } catch (error) {
      if (error instanceof DeadlineError) return 'silent';
      const failure = classifyFailure(error);
      if (failure.class === 'TRANSIENT') return undefined;
      throw failure;
    }
  }
}
