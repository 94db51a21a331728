import type { MissedChat } from './read-missed.js';

/** What a step has listed, and of how many of the chats that it was asked for: the first ones, at least one. */
export interface ListedStep {
  readonly chats: readonly MissedChat[];
  readonly looked: number;
}

/** So many chats are asked for in one step. */
export const chatsAtOnce = 100;

/** After so many failures one after the other the page is taken not to answer at all. */
const failuresInARow = 3;

/**
 * Lists chats step by step. A step that fails costs no other: its chats are asked for one by one, and one that fails
 * alone is `unreadable`, as are those that aren't asked for any more.
 *
 * @throws what the page has said, when it has listed nothing.
 */
export async function listInSteps(
  names: readonly string[],
  list: (names: readonly string[]) => Promise<ListedStep>,
): Promise<MissedChat[]> {
  const found: MissedChat[] = [];
  let first = 0;
  /** Up to here chats are asked for one by one. */
  let oneByOneUntil = 0;
  let failures = 0;
  let failure: { readonly error: unknown } | undefined;
  let isAnswered = false;
  while (first < names.length && failures < failuresInARow) {
    const some = names.slice(first, first + (first < oneByOneUntil ? 1 : chatsAtOnce));
    try {
      const { chats, looked } = await list(some);
      found.push(...chats);
      first += Math.max(1, looked);
      isAnswered = true;
      failures = 0;
    } catch (error) {
      failure = { error };
      failures += 1;
      if (some.length > 1) oneByOneUntil = first + some.length;
      else {
        found.push(...some.map(unreadable));
        first += 1;
      }
    }
  }
  if (!isAnswered && failure !== undefined) throw failure.error;
  return [...found, ...names.slice(first).map(unreadable)];
}

function unreadable(chat: string): MissedChat {
  return { chat, messages: [], undecrypted: [], lacks: 'unreadable' };
}
