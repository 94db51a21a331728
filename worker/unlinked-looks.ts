import { WorkerFailure } from './worker-failure.js';
import type { PageState } from './whatsapp/page-state.js';

const unlinkedStates: readonly (string | null)[] = ['UNPAIRED', 'UNPAIRED_IDLE'];
/** One look may meet a state that the page only passes through. */
const looksWithoutIdentity = 2;
/** Some three seconds. A page that still knows whom it was linked to may yet log in. */
const looksWithIdentity = 30;

/**
 * Notices that a device which was linked isn't any more, while its page comes up. The library asks for that once, before
 * the page has logged in, and never again.
 */
export class UnlinkedLooks {
  #looks = 0;

  /** @throws WorkerFailure of class AUTH when so many looks in a row have found the page unlinked. */
  take({ socket, identity }: Pick<PageState, 'socket' | 'identity'>): void {
    this.#looks = unlinkedStates.includes(socket) ? this.#looks + 1 : 0;
    if (this.#looks < (identity === null ? looksWithoutIdentity : looksWithIdentity)) return;
    throw unlinked();
  }
}

/** WhatsApp says that a page isn't linked, though its device was. */
export function unlinked(): WorkerFailure {
  return new WorkerFailure('AUTH', 'WhatsApp says that this device is not linked any more');
}
