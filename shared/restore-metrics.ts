import { z } from 'zod';

import { boundTexts } from './bounded-text.js';
import { readJsonFile, updateJsonFile } from './files/json-file.js';
import { jsonList } from './files/json-list.js';
import { type AttemptMetrics, attemptSchema } from './protocol/messages.js';

/** Older attempts are dropped: about 80 kB, and enough for a 95th percentile that means something. */
export const maxStoredAttempts = 200;

/** What a later version knows beyond this one is no damage. */
const storedSchema = z.object({
  /** When the attempt had its outcome; ISO 8601 in UTC. */
  timestamp: z.iso.datetime(),
  ...attemptSchema.shape,
});

/** An entry of `restore-metrics.json`. */
export type StoredAttempt = z.infer<typeof storedSchema>;

/**
 * Adds an attempt with the time of `now`, and drops the oldest beyond 200.
 *
 * @throws WasupError that says what to do when the file can't be written; whether that matters is the caller's decision.
 */
export async function appendAttempt(path: string, attempt: AttemptMetrics, now = new Date()): Promise<void> {
  const added = storedSchema.parse({ ...boundTexts(attempt), timestamp: now.toISOString() });
  await updateJsonFile(path, restoreMetricsFile, now, (attempts) => [...attempts, added].slice(-maxStoredAttempts));
}

/**
 * Reads the attempts, oldest first. A missing file is no attempts. From a damaged one the sound entries are kept, the
 * file is set aside, and `repaired` says what was wrong.
 *
 * @throws WasupError when the file can't be read for reasons of the machine (permission, failing disk).
 */
export async function readAttempts(
  path: string,
  now = new Date(),
): Promise<{ attempts: readonly StoredAttempt[]; repaired: string | undefined }> {
  const { value, repaired } = await readJsonFile(path, restoreMetricsFile, now);
  return { attempts: value, repaired };
}

/** What `restore-metrics.json` is. */
export const restoreMetricsFile = jsonList(storedSchema);
