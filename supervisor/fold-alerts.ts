import type { Alert, AlertKind } from '../shared/alerts.js';

/** Alerts of one kind within this time after the first are one matter. */
export const foldingMs = 60_000;

/** So many of a kind are told at once; what comes beyond that within {@link foldingMs} is told together, at its end. */
const toldAtOnce: Readonly<Partial<Record<AlertKind, number>>> = { 'message-parked': 5 };
/** Of what comes once for a misfortune, and not once for a message. */
const mostlyToldAtOnce = 20;

/** What has come of one kind since the first. */
export interface Folding {
  /** Milliseconds of a monotonic clock. */
  readonly sinceMs: number;
  /** How many were told at once. */
  readonly told: number;
  /** How many wait for the end, of which the last is kept. */
  readonly waiting: number;
  readonly last: Alert;
}

/** An alert has come. @returns what is known of its kind now, and whether it is told at once. Pure. */
export function foldAlert(
  before: Folding | undefined,
  alert: Alert,
  nowMs: number,
): { readonly folding: Folding; readonly isTold: boolean } {
  if (before === undefined) return { folding: { sinceMs: nowMs, told: 1, waiting: 0, last: alert }, isTold: true };
  if (before.waiting === 0 && before.told < (toldAtOnce[alert.kind] ?? mostlyToldAtOnce))
    return { folding: { ...before, told: before.told + 1, last: alert }, isTold: true };
  return { folding: { ...before, waiting: before.waiting + 1, last: alert }, isTold: false };
}

/**
 * The time is over. @returns what is told of those that waited, and what is known of the kind from now on: while it goes
 * on, there is one alert each time. Pure.
 */
export function endFolding(
  { sinceMs, waiting, last }: Folding,
  nowMs: number,
): { readonly folding: Folding; readonly alert: Alert } | undefined {
  if (waiting === 0) return undefined;
  const seconds = Math.max(1, Math.round((nowMs - sinceMs) / 1_000));
  const sentence = `${waiting} more alerts of this kind within ${seconds} s. The last: ${last.sentence}`;
  const alert = waiting === 1 ? last : { ...last, sentence };
  return { folding: { sinceMs: nowMs, told: Infinity, waiting: 0, last }, alert };
}
