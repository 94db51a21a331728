import { z } from 'zod';

import { type JsonFileKind, readJsonFile, updateJsonFile } from './files/json-file.js';

/** A code lives for three minutes with WhatsApp; asking for the next earlier makes it count against the number. */
export const pairingCodeSpacingMs = 3 * 60_000;
/** WhatsApp locks a number out for hours after about seven. */
export const pairingCodesPerDay = 3;
const dayMs = 24 * 3_600_000;
/** More than can matter, and never dropped for their age: a clock that is wrong for an hour must not clear the record. */
const keptMoments = 10;

const time = z.iso.datetime();
const moment = {
  at: time,
  /** When the clock was first seen to be earlier than `at`: it was set back, and from here on the waiting counts. */
  aheadSince: time.nullable(),
};
const limitsSchema = z.strictObject({
  /** When pairing codes were asked for, oldest first. */
  codes: z.array(z.strictObject(moment)),
  /** No code is asked for within a day of this. */
  pause: z.strictObject({ ...moment, why: z.enum(['rate-limited', 'record-damaged']) }).nullable(),
});

/** Content of `linking-limits.json`. */
export type LinkingLimits = z.infer<typeof limitsSchema>;
type Moment = LinkingLimits['codes'][number];
type Why = 'too-soon' | 'spent-for-today' | 'rate-limited' | 'record-damaged';

export type PairingCodeDecision =
  { readonly allowed: true } | { readonly allowed: false; readonly why: Why; readonly until: Date };

/** Whether WhatsApp may be asked for a pairing code. Pure; `limits` as {@link withClock} gives them. */
export function decidePairingCode(limits: LinkingLimits, now: Date): PairingCodeDecision {
  const ends: { why: Why; until: number }[] = [];
  if (limits.pause !== null) ends.push({ why: limits.pause.why, until: endOf(limits.pause, dayMs, now) });
  for (const code of limits.codes) ends.push({ why: 'too-soon', until: endOf(code, pairingCodeSpacingMs, now) });
  const today = limits.codes.map((code) => endOf(code, dayMs, now)).sort((a, b) => b - a);
  const oldestOfToday = today[pairingCodesPerDay - 1];
  if (oldestOfToday !== undefined) ends.push({ why: 'spent-for-today', until: oldestOfToday });
  const last = ends.filter(({ until }) => until > now.getTime()).sort((a, b) => b.until - a.until)[0];
  return last === undefined ? { allowed: true } : { allowed: false, why: last.why, until: new Date(last.until) };
}

/**
 * Notes which moments lie ahead of the clock. Such a moment counts as if it were the one in which that was first seen:
 * a clock that was set back opens no gate, and one that was ahead locks nobody out for more than three days. Pure.
 */
export function withClock(limits: LinkingLimits, now: Date): LinkingLimits {
  const seen = <Kind extends Moment>(known: Kind): Kind => {
    if (Date.parse(known.at) <= now.getTime()) return { ...known, aheadSince: null };
    const stillCounts = known.aheadSince !== null && Date.parse(known.aheadSince) <= now.getTime();
    return stillCounts ? known : { ...known, aheadSince: now.toISOString() };
  };
  return { codes: limits.codes.map(seen), pause: limits.pause === null ? null : seen(limits.pause) };
}

/** Says for a person why there is no code, and when there may be one. */
export function describeRefusal({ why, until }: Extract<PairingCodeDecision, { allowed: false }>): string {
  const when = `${until.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `${refusals[why]}; the next may be asked for after ${when}`;
}

const refusals: Record<Why, string> = {
  'too-soon': 'A pairing code was asked for within the last three minutes',
  'spent-for-today': `${pairingCodesPerDay} pairing codes were asked for within 24 hours, and WhatsApp locks out who asks for more`,
  'rate-limited': 'WhatsApp has refused pairing codes for this number, because too many were asked for',
  'record-damaged': 'The record of the pairing codes was damaged, so that nobody knows how many were asked for',
};

/**
 * Counts a code before it is asked for: a worker that dies in between has used it up. Nothing is counted when the
 * answer is no.
 *
 * @throws WasupError when the count can't be written; a code that can't be counted must not be asked for.
 */
export async function claimPairingCode(path: string, now: Date): Promise<PairingCodeDecision> {
  let decision: PairingCodeDecision = { allowed: true };
  await updateJsonFile(path, kindAt(now), now, (stored) => {
    const limits = withClock(stored, now);
    decision = decidePairingCode(limits, now);
    return decision.allowed ? { ...limits, codes: [...limits.codes, momentOf(now)].slice(-keptMoments) } : limits;
  });
  return decision;
}

/** @throws WasupError when it can't be written. */
export async function pausePairingCodes(path: string, now: Date): Promise<void> {
  await updateJsonFile(path, kindAt(now), now, (limits) => ({
    ...limits,
    pause: { ...momentOf(now), why: 'rate-limited' as const },
  }));
}

/** What `claimPairingCode` would say, without counting anything. @throws WasupError when the file can't be read. */
export async function readPairingCodeDecision(path: string, now: Date): Promise<PairingCodeDecision> {
  const { value } = await readJsonFile(path, kindAt(now), now);
  return decidePairingCode(withClock(value, now), now);
}

function endOf({ at, aheadSince }: Moment, windowMs: number, now: Date): number {
  const counted = Date.parse(at) > now.getTime() ? aheadSince : at;
  return (counted === null ? now.getTime() : Date.parse(counted)) + windowMs;
}

function momentOf(now: Date): Moment {
  return { at: now.toISOString(), aheadSince: null };
}

/**
 * A damaged record may have held three codes, or a pause. Waiting a day costs little, as there is always the QR code;
 * being locked out by WhatsApp costs hours in which a person can do nothing.
 */
function kindAt(now: Date): JsonFileKind<LinkingLimits> {
  return {
    create: () => ({ codes: [], pause: null }),
    lost: () => damaged(now),
    salvage: (content) => {
      const parsed = limitsSchema.safeParse(content);
      if (parsed.success) return { value: parsed.data, damage: undefined };
      return { value: damaged(now), damage: 'not the times of pairing codes' };
    },
  };
}

function damaged(now: Date): LinkingLimits {
  return { codes: [], pause: { ...momentOf(now), why: 'record-damaged' } };
}
