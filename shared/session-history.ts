import { z } from 'zod';

import { boundTexts } from './bounded-text.js';
import { type JsonFileKind, readJsonFile, updateJsonFile } from './files/json-file.js';
import { jsonList } from './files/json-list.js';

/** Older entries are dropped: about 50 kB, and weeks of a healthy account. */
export const maxHistoryEntries = 500;

/** The file is written anew with each entry, and kept in memory: older entries are dropped, too, when all reasons are long. */
export const maxHistoryBytes = 256 * 1024;

const entrySchema = z.looseObject({
  /** ISO 8601 in UTC. */
  timestamp: z.iso.datetime(),
  /**
   * Among others `restore_authenticated`, `restore_complete` (`status: "fully_reactivated"`), `restore_auth_failed`,
   * `fresh_auth_requested`, `device_linked`, `device_logged_out`.
   */
  eventType: z.string().min(1).max(100),
  /** Milliseconds. */
  duration: z.number().nonnegative().optional(),
  /** Counted from 1. */
  attempt: z.int().positive().optional(),
  status: z.string().optional(),
  reason: z.string().optional(),
});

/** An entry of `session-history.json`; further fields are kept as they are. */
export type SessionHistoryEntry = z.infer<typeof entrySchema>;

export interface SessionHistoryEntryInput {
  /** Comes from the clock. */
  readonly timestamp?: never;
  readonly eventType: string;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  /** Counted from 1. */
  readonly attempt?: number | undefined;
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly [detail: string]: unknown;
}

/**
 * Adds an entry with the time of `now`, and drops the oldest beyond 500.
 *
 * @throws WasupError that says what to do when the file can't be written; whether that matters is the caller's decision.
 */
export async function appendSessionHistory(
  path: string,
  entry: SessionHistoryEntryInput,
  now = new Date(),
): Promise<void> {
  const added = historyEntry(entry, now);
  await updateJsonFile(path, sessionHistoryFile, now, (entries) => addToHistory(entries, added));
}

/** @throws ZodError when the entry makes no sense. */
export function historyEntry(entry: SessionHistoryEntryInput, now: Date): SessionHistoryEntry {
  return entrySchema.parse({ timestamp: now.toISOString(), ...boundTexts(entry) });
}

export function addToHistory(
  entries: readonly SessionHistoryEntry[],
  added: SessionHistoryEntry,
): readonly SessionHistoryEntry[] {
  return newest([...entries, added].map((entry) => boundTexts(entry)));
}

/** What the history has room for. Of an earlier version's file, entries can be of any length. */
function newest(entries: readonly SessionHistoryEntry[]): readonly SessionHistoryEntry[] {
  let bytes = 0;
  const first = entries.findLastIndex((entry) => (bytes += Buffer.byteLength(JSON.stringify(entry))) > maxHistoryBytes);
  return entries.slice(Math.max(first + 1, entries.length - maxHistoryEntries));
}

/**
 * Reads the history, oldest first. A missing file is an empty history. From a damaged one the sound entries are kept,
 * the file is set aside, and `repaired` says what was wrong.
 *
 * @throws WasupError when the file can't be read for reasons of the machine (permission, failing disk).
 */
export async function readSessionHistory(
  path: string,
  now = new Date(),
): Promise<{ entries: readonly SessionHistoryEntry[]; repaired: string | undefined }> {
  const { value, repaired } = await readJsonFile(path, sessionHistoryFile, now);
  return { entries: value, repaired };
}

/** What `session-history.json` is. */
export const sessionHistoryFile: JsonFileKind<readonly SessionHistoryEntry[]> = {
  ...jsonList(entrySchema),
  complete: completeHistory,
};

/** Nobody takes entries away but the oldest of a full history. */
function completeHistory(
  found: readonly SessionHistoryEntry[],
  remembered: readonly SessionHistoryEntry[],
): readonly SessionHistoryEntry[] {
  if (found.length >= maxHistoryEntries) return found;
  const known = new Set(found.map((entry) => JSON.stringify(entry)));
  const missing = remembered.filter((entry) => !known.has(JSON.stringify(entry)));
  if (missing.length === 0) return found;
  const whole = newest([...missing, ...found].toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp)));
  // The missing ones may be those that made room.
  return whole.every((entry) => known.has(JSON.stringify(entry))) ? found : whole;
}
