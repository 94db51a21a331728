import type { MissedChat } from './whatsapp/read-missed.js';

/** What a catch-up fetches of what the page has. */
export interface LimitedMissed {
  readonly chats: readonly MissedChat[];
  /** How many are left out because there are too many: all that are older than `keptFrom`. */
  readonly cut: number;
  /** Seconds since 1970; null when nothing is left out. */
  readonly keptFrom: number | null;
}

/**
 * Leaves out what is beyond the limit, the oldest of it. Only what is unknown counts: the rest costs nothing. Pure.
 *
 * Whole seconds are kept or left out, so that the order within one needs no deciding: some more may stay than the limit says.
 */
export function limitMissed(
  chats: readonly MissedChat[],
  unknown: ReadonlySet<string>,
  maxMessages: number,
): LimitedMissed {
  const times = chats
    .flatMap(({ messages }) => messages)
    .filter(({ id }) => unknown.has(id))
    .map(({ t }) => t)
    .sort((one, other) => other - one);
  const [newest] = times;
  if (times.length <= maxMessages || newest === undefined) return { chats, cut: 0, keptFrom: null };
  const keptFrom = times[maxMessages - 1] ?? newest + 1;
  const kept = chats.map((chat) => ({ ...chat, messages: chat.messages.filter(({ t }) => t >= keptFrom) }));
  return { chats: kept, cut: times.filter((t) => t < keptFrom).length, keptFrom };
}
