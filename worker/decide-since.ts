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

/** So long after a link its time may still be what this machine's clock said; a worker that died over its first sync is replaced sooner. */
const provisionalSeconds = 3_600;

/** How far messages have been read, and below what nothing is read. Seconds since 1970. */
export interface Bounds {
  readonly mark: number | undefined;
  readonly floor: number | undefined;
  /** Whether both are a beginning that this machine's clock has dated, because WhatsApp had not said its time yet. */
  readonly isProvisional: boolean;
}

export interface Times {
  /** Seconds since 1970 by WhatsApp's clock, with fractions; null while it has not said them. */
  readonly whatsApp: number | null;
  /** Seconds since 1970 by this machine's clock, with fractions; it may be wrong by days in either direction. */
  readonly machine: number;
  /** How many seconds ago messages began to concern the bot, where nothing is known of before: the link of this life, or its start. */
  readonly age: number;
  /** When the device was linked, as the status file has it, by the clock that this machine had then: where the inbox knows nothing. */
  readonly linkedAt: number | undefined;
}

export interface SettledBounds {
  readonly mark: number;
  readonly floor: number;
  readonly isProvisional: boolean;
  /** What time it is, as far as that can be told: never before anything that WhatsApp has dated. */
  readonly now: number;
  /** Whether a bound was given up that lay in the future: the clock that had dated it was wrong. */
  readonly isReset: boolean;
}

/**
 * What the bounds of reading are. Pure.
 *
 * This machine's clock never lowers them: while it is behind, what was there before the link looks new. Only WhatsApp's own time shows that
 * a bound lies in the future, where a clock that was ahead has put it.
 */
export function settleBounds({ mark, floor, isProvisional }: Bounds, times: Times): SettledBounds {
  const { whatsApp, machine, age, linkedAt } = times;
  if (whatsApp === null) {
    const first = Math.floor(Math.max(machine - age, linkedAt ?? 0));
    const kept = mark === undefined ? { mark: first, floor: Math.max(first, floor ?? 0) } : { mark, floor: floor ?? 0 };
    const now = Math.max(machine, kept.mark, kept.floor);
    return { ...kept, isProvisional: isProvisional || mark === undefined, now, isReset: false };
  }
  const beginning = Math.floor(whatsApp - age);
  const settled = { isProvisional: false, now: whatsApp };
  const isPast = (seconds: number): boolean => seconds <= whatsApp + slackSeconds;
  if (mark === undefined) {
    const first = Math.max(beginning, floor !== undefined && isPast(floor) ? floor : 0);
    return { ...settled, mark: first, floor: first, isReset: false };
  }
  if (isProvisional) {
    // The clock was off then by as much as it is now, unless it was set meanwhile.
    const linked = Math.floor(mark + whatsApp - machine);
    const isSound = isPast(linked) && linked >= whatsApp - provisionalSeconds;
    const first = isSound ? linked : beginning;
    return { ...settled, mark: first, floor: first, isReset: !isSound };
  }
  const isReset = !isPast(mark) || (floor !== undefined && !isPast(floor));
  return {
    ...settled,
    mark: isPast(mark) ? mark : beginning,
    floor: floor === undefined ? 0 : isPast(floor) ? floor : beginning,
    isReset,
  };
}
