import { classifyFailure } from './classify-failure.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { BroughtUp } from './whatsapp/bring-up.js';
import { WorkerFailure } from './worker-failure.js';

/** WhatsApp reloads its page once for a new version. A page that has reloaded so often without coming up won't. */
const maxReloads = 5;
/** A step is cut off a moment before the page tells of the document that takes its place. */
const newDocumentGraceMs = 2_000;

export interface FollowDocumentsOptions {
  readonly client: Pick<AttachedClient, 'onNewDocument'>;
  /** Brings the session up in the page's document. What it ends with after `replaced` has rejected is of no interest. */
  bringUp(replaced: Promise<never>): Promise<BroughtUp>;
  /** The page of a session that has listened is another one now. */
  onReloaded(): void;
  /** Loads the page once more. What it rejects with ends the session. */
  reload(failure: WorkerFailure): Promise<void>;
  /** The session listens once more. */
  onListeningAgain(broughtUp: BroughtUp): void;
  /** Called with the failure that ends a session that has listened. */
  onFault(thrown: unknown): void;
}

/**
 * Brings the session up in the document that the page shows, and again in each that takes its place: WhatsApp reloads
 * its page now and then, and everything that was put into it is gone. Only the newest document counts; what is still
 * going on for an earlier one is abandoned. Where another load may help, the page is loaded once more before the session
 * counts as failed.
 *
 * @returns when the session listens for the first time.
 * @throws WorkerFailure when it can't come up; afterwards `onFault` hears of it.
 */
export function followDocuments(options: FollowDocumentsOptions): Promise<BroughtUp> {
  return new Promise((resolve, reject) => {
    let hasListened = false;
    let reloads = 0;
    let hasTriedReload = false;
    let current = new AbortController();

    const fail = (thrown: unknown): void => (hasListened ? options.onFault(thrown) : reject(classifyFailure(thrown)));
    const bringUp = async (): Promise<void> => {
      const { signal } = current;
      try {
        const broughtUp = await options.bringUp(rejectionOn(signal));
        if (signal.aborted) return;
        reloads = 0;
        hasTriedReload = false;
        if (hasListened) options.onListeningAgain(broughtUp);
        hasListened = true;
        resolve(broughtUp);
      } catch (error) {
        const failure = classifyFailure(error);
        if (failure.class === 'TRANSIENT') await pause(newDocumentGraceMs);
        if (signal.aborted) return;
        if (failure.reloadMayHelp && !hasTriedReload) {
          hasTriedReload = true;
          options.reload(failure).catch(fail);
        } else fail(failure);
      }
    };

    options.client.onNewDocument(({ loggedOut }) => {
      current.abort();
      if (loggedOut) {
        fail(new WorkerFailure('AUTH', 'WhatsApp has unlinked this device'));
        return;
      }
      current = new AbortController();
      if (hasListened && reloads === 0) options.onReloaded();
      reloads += 1;
      if (reloads <= maxReloads) void bringUp();
      else fail(new WorkerFailure('TRANSIENT', `WhatsApp Web reloaded itself ${reloads} times without coming up`));
    });
    void bringUp();
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function rejectionOn(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the page shows another document')), { once: true });
  });
  rejection.catch(() => undefined);
  return rejection;
}
