/** What the page says of its own storage: whether our record could be written and read back, and whose databases were closed under them. */
export interface StorageLook {
  /** Name and message of what was thrown; null when the record was written and read back. */
  readonly error: string | null;
  /** Names of databases that Chromium has closed and that nobody has opened since. */
  readonly closed: readonly string[];
}

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

/** So many looks in a row without an answer count as a failure. */
export const maxMissedStorageLooks = 2;

/**
 * Whether the page can write its storage. Pure.
 *
 * @param missed how many looks in a row had no answer, this one included.
 */
export function judgeStorage(look: StorageLook | 'silent', missed: number): StorageVerdict {
  if (look === 'silent') {
    if (missed < maxMissedStorageLooks) return { is: 'unknown' };
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
 * What is done about an impaired storage: nothing while the disk has no room, then another browser. Never a load of the page: behind what a full
 * disk has cut off, Chromium gives up the store with the login when it opens it again. What is cut off is mended before a browser starts. Pure.
 */
export function nextStorageStep(hasRoom: boolean): StorageStep {
  return hasRoom ? 'fresh-browser' : 'wait';
}
