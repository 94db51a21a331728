/**
 * WhatsApp's clock is the sender's server's: messages come a little out of its order, and one may be journaled before another that is older
 * by some seconds.
 */
export const slackSeconds = 300;

export interface SinceFacts {
  /** Seconds since 1970: everything that came before has been journaled, but for what came late. */
  readonly mark: number | undefined;
  /** Seconds since 1970: what is older may have been handled and forgotten, or was there before the device was linked. */
  readonly floor: number | undefined;
  /** Seconds since 1970: the oldest message that has come and could not be decrypted yet. */
  readonly undecrypted: number | undefined;
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
  { mark, floor = 0, undecrypted = Infinity }: SinceFacts,
  beginning: number,
  limits: { readonly maxAgeMs: number },
  nowMs: number,
): Since {
  const wanted = Math.max(Math.min(mark === undefined ? beginning : mark - slackSeconds, undecrypted), floor);
  const oldest = Math.ceil((nowMs - limits.maxAgeMs) / 1_000);
  const known = mark === undefined ? wanted : Math.max(mark, floor);
  return { since: Math.max(wanted, oldest), cutMs: Math.max(0, oldest - known) * 1_000 };
}
