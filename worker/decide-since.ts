/**
 * WhatsApp's clock is the sender's server's: messages come a little out of its order, and one may be journaled before another that is older
 * by some seconds.
 */
export const slackSeconds = 300;

/** What can't be decrypted after so long never is: WhatsApp has stopped asking its sender. */
const decryptionSeconds = 86_400;

export interface SinceFacts {
  /** Seconds since 1970: everything that came before has been journaled, but for what came late. */
  readonly mark: number | undefined;
  /** Seconds since 1970: what is older may have been handled and forgotten, or was there before the device was linked. */
  readonly floor: number | undefined;
  /** Seconds since 1970: the oldest message that has come and could not be decrypted yet. */
  readonly undecrypted: number | undefined;
  /** Seconds since 1970: until then somebody has listened, whether or not anything came. */
  readonly heard: number | undefined;
}

export interface Since {
  /** Seconds since 1970. */
  readonly since: number;
  /** By how much what the age allows falls short of the mark; 0 when nothing is left out for its age. */
  readonly cutMs: number;
}

/**
 * From when on the page is asked for messages. Pure.
 *
 * @param beginning seconds since 1970: from when on messages concern the bot, where nothing is known of before.
 */
export function decideSince(
  { mark, floor = 0, undecrypted = Infinity, heard = 0 }: SinceFacts,
  beginning: number,
  limits: { readonly maxAgeMs: number },
  nowMs: number,
): Since {
  const awaited = undecrypted < nowMs / 1_000 - decryptionSeconds ? Infinity : undecrypted;
  const wanted = Math.max(Math.min(mark === undefined ? beginning : mark - slackSeconds, awaited), floor);
  const oldest = Math.ceil((nowMs - limits.maxAgeMs) / 1_000);
  const listened = heard * 1_000 > nowMs ? 0 : heard;
  const known = mark === undefined ? wanted : Math.max(mark, floor, listened);
  return { since: Math.max(wanted, oldest), cutMs: Math.max(0, oldest - known) * 1_000 };
}

/** Whether a time of ours lies in the future: it was noted while the clock was wrong, and says nothing. */
export function isFromWrongClock(seconds: number | undefined, nowMs: number): boolean {
  return seconds !== undefined && seconds > nowMs / 1_000 + slackSeconds;
}
