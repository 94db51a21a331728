import type { SessionHistoryEntry } from '../session-history.js';
import { formatDuration, formatTime } from './format-time.js';
import { wrap } from './layout.js';

/** Entries of the history as lines for a terminal, in their order. Pure. */
export function describeHistory(entries: readonly SessionHistoryEntry[], now: Date, width: number): string[] {
  if (entries.length === 0) return ['Nothing has happened yet.'];
  return entries.flatMap((entry) => [
    formatTime(entry.timestamp, now),
    ...wrap(describeEntry(entry), width - 4).map((line) => `    ${line}`),
  ]);
}

function describeEntry({ eventType, duration, attempt, status, reason, ...rest }: SessionHistoryEntry): string {
  const details = [
    attempt === undefined ? undefined : `attempt ${attempt}`,
    status,
    duration === undefined ? undefined : formatDuration(duration),
    reason,
    ...Object.entries(rest)
      .filter(([name, value]) => name !== 'timestamp' && value !== null && value !== undefined)
      .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
  ].filter((detail) => detail !== undefined);
  // Its names are words for programs: restore_auth_failed.
  const title = eventType.replaceAll('_', ' ');
  return details.length === 0 ? title : `${title}: ${details.join('; ')}`;
}
