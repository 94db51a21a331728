import { rm } from 'node:fs/promises';
import { basename } from 'node:path';

import { updateDeviceStatus } from '../shared/device-status.js';
import { describeError, WasupError } from '../shared/errors.js';
import { supervisorExitCodes } from '../shared/exit-codes.js';
import { fileError } from '../shared/files/file-error.js';
import type { SessionPaths } from '../shared/paths.js';
import { appendSessionHistory } from '../shared/session-history.js';
import { listQuarantined, takeFromQuarantine } from './quarantine.js';

export interface RestoredProfile {
  /** Which login is in place again. */
  readonly name: string;
  /** Where the one that was there has gone; undefined when there was none. */
  readonly replaced: string | undefined;
  /** Why the history doesn't tell of it, when it doesn't. */
  readonly historyProblem: string | undefined;
}

/**
 * Puts a login from quarantine in the present one's place, which goes to quarantine itself, and lets the next start
 * restore it with a fresh count of failures. The caller holds the account's lock.
 *
 * @param name as `listQuarantined` says it; the newest when left out.
 * @throws WasupError when a browser has the profile, there is no such login, or a file or folder can't be changed; the
 * login is where it was then.
 */
export async function restoreProfile(
  paths: SessionPaths,
  number: string,
  name?: string,
  now = new Date(),
): Promise<RestoredProfile> {
  const chosen = name ?? (await listQuarantined(paths))[0];
  if (chosen === undefined) throw nothingThere(paths, number);
  const replaced = await takeFromQuarantine(paths, chosen, now, async () => {
    await rm(paths.restartTally, { force: true }).catch((error: unknown) => {
      throw fileError('write', paths.restartTally, error);
    });
    const linked = { deviceLinked: true, isActive: false, state: 'stopped', restoreStatus: 'none' } as const;
    await updateDeviceStatus(paths.deviceStatus, number, { ...linked, reason: null, userAction: null }, now);
  });
  const entry = { eventType: 'profile_restored', name: chosen, replaced: replaced ?? null };
  const historyProblem = await appendSessionHistory(paths.sessionHistory, entry, now).then(
    () => undefined,
    describeError,
  );
  return { name: chosen, replaced, historyProblem };
}

function nothingThere(paths: SessionPaths, number: string): WasupError {
  return new WasupError(`No login of +${number} was ever set aside: there is nothing in ${paths.quarantine}.`, {
    remedy: `Look whether ${basename(paths.directory)} is the folder you mean (WASUP_SESSIONS_DIR), or link the device anew.`,
    exitCode: supervisorExitCodes.usage,
  });
}
