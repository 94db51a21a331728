/**
 * What the page says of its own storage: whether our record could be written and read back, and whose databases were
 * closed under them.
 */
export interface StorageLook {
  /** Name and message of what was thrown; null when the record was written and read back. */
  readonly error: string | null;
  /** Names of databases that Chromium has closed and that nobody has opened since. */
  readonly closed: readonly string[];
}

/**
 * - `waits`: the page lives, and its storage hasn't answered in that time.
 * - `silent`: the page hasn't answered, which says nothing of its storage: it may be busy with what it does, or hang.
 */
export type FoundStorage = StorageLook | 'waits' | 'silent';

export type StorageVerdict =
  | { readonly is: 'well' }
  /** One look alone may fall into a moment in which the disk is busy. */
  | { readonly is: 'unknown' }
  | {
      readonly is: 'impaired';
      readonly reason: string;
      /** Whether the storage takes records again, and only the page's connections to it are gone. */
      readonly isWritable: boolean;
    };

/** So many looks in a row at a page that lives, and whose storage doesn't answer, count as a failure. */
export const maxWaitingLooks = 3;

/**
 * Whether the page can write its storage. Pure.
 *
 * @param waiting how many looks in a row have found that it waits for its storage, this one included.
 */
export function judgeStorage(look: FoundStorage, waiting: number): StorageVerdict {
  if (look === 'silent') return { is: 'unknown' };
  if (look === 'waits') {
    if (waiting < maxWaitingLooks) return { is: 'unknown' };
    return { is: 'impaired', reason: "The page's storage doesn't answer", isWritable: false };
  }
  if (look.error !== null) {
    return { is: 'impaired', reason: `The page's storage can't be written (${look.error})`, isWritable: false };
  }
  if (look.closed.length > 0) {
    const names = look.closed.join(', ');
    return { is: 'impaired', reason: `Chromium has closed the page's storage (${names})`, isWritable: true };
  }
  return { is: 'well' };
}

export type StorageStep = 'wait' | 'fresh-browser';

/**
 * What is done about an impaired storage: nothing while the disk has no room, then another browser. Never a load of the
 * page: behind what a full disk has cut off, Chromium gives up the store with the login when it opens it again. What is
 * cut off is mended before a browser starts. Pure.
 */
export function nextStorageStep(hasRoom: boolean): StorageStep {
  return hasRoom ? 'fresh-browser' : 'wait';
}
