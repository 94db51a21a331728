import type { PageState } from './whatsapp/page-state.js';

/** Messages that the page had for the library, and messages that came out of it. */
export interface MessageCount {
  readonly had: number;
  readonly heard: number;
  /** How many the library never hands over: it stumbles over them, and goes on with the next. They have to be fetched. */
  readonly lost: number;
  /** How many came out and are not in the inbox: taking them in has failed. */
  readonly untaken: number;
}

/** Listeners that were just attached. */
export const noMessages: MessageCount = { had: 0, heard: 0, lost: 0, untaken: 0 };

export type ListeningVerdict =
  | { readonly is: 'healthy'; readonly count: MessageCount }
  /** The socket isn't connected; the page itself may be well. */
  | { readonly is: 'away'; readonly count: MessageCount }
  /** Connected, and nobody would hear a message. */
  | {
      readonly is: 'deaf';
      readonly reason: string;
      /** Whether this is a document that nothing of the library was attached to: then it can be done now. */
      readonly isUntouched: boolean;
    };

/**
 * What a look at the page of a session that listens has found. Pure.
 *
 * @param heard messages that have come out of the page's document, by the time of the look.
 * @param before the count of the look before.
 * @param untaken how many of the messages that came out are not in the inbox.
 */
export function judgeListening(
  state: PageState,
  incarnation: number,
  heard: number,
  before: MessageCount,
  untaken = 0,
): ListeningVerdict {
  const unheard = before.had - heard;
  const lost = heard > before.heard ? Math.max(before.lost, unheard) : before.lost;
  const had = state.messages ?? before.had;
  const count: MessageCount = { had, heard, lost: Math.min(lost, had - heard), untaken };
  if (state.socket !== 'CONNECTED') return { is: 'away', count };
  // What a page that syncs anew has for the library isn't known yet.
  if (!state.hasSynced) return { is: 'healthy', count };
  if (state.incarnation === null) {
    return { is: 'deaf', reason: 'Nothing listens in the page any more', isUntouched: !state.utilities };
  }
  if (state.incarnation !== incarnation) {
    return { is: 'deaf', reason: 'In the page the listeners of an earlier worker are attached', isUntouched: false };
  }
  if (!state.utilities) {
    return { is: 'deaf', reason: 'whatsapp-web.js has gone from the page', isUntouched: false };
  }
  if (before.untaken > 0 && untaken > 0) {
    return { is: 'deaf', reason: 'Messages have come out of the page that are not in the inbox', isUntouched: false };
  }
  if (unheard > lost) {
    const reason = `The page has ${unheard - lost === 1 ? 'a message' : 'messages'} that it doesn't hand over`;
    return { is: 'deaf', reason, isUntouched: false };
  }
  return { is: 'healthy', count };
}
