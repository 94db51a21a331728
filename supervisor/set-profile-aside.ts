import { mkdir } from 'node:fs/promises';

import type { SessionPaths } from '../shared/paths.js';
import type { AccountRecords } from './account-records.js';
import type { MachineEvent } from './machine-types.js';
import { quarantineProfile } from './quarantine.js';
import { browserFailure } from './tell-failure.js';

/** Moves the stored login to quarantine and makes room for a new one. Never rejects: resolves with what has become of it. */
export async function setProfileAside(
  paths: SessionPaths,
  reason: string,
  records: Pick<AccountRecords, 'note'>,
): Promise<MachineEvent> {
  try {
    const name = await quarantineProfile(paths, reason, new Date());
    await mkdir(paths.profile, { recursive: true, mode: 0o700 });
    if (name !== undefined) records.note({ eventType: 'profile_quarantined', name, reason });
    return { type: 'profile-moved', name: name ?? null };
  } catch (error) {
    return { type: 'profile-not-moved', failure: { ...browserFailure(error), class: 'LOCAL' } };
  }
}
