import { z } from 'zod';
import { readJsonFile, updateJsonFile } from './files/json-file.js';
import { jsonList } from './files/json-list.js';

/** Older entries are dropped: about 50 kB, and weeks of a healthy account. */
export const maxHistoryEntries = 500;

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
  const added = entrySchema.parse({ timestamp: now.toISOString(), ...entry });
  await updateJsonFile(path, kind, now, (entries) => [...entries, added].slice(-maxHistoryEntries));
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
  const { value, repaired } = await readJsonFile(path, kind, now);
  return { entries: value, repaired };
}

const kind = jsonList(entrySchema);
