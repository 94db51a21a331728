import type { SessionMode } from '../shared/protocol/messages.js';

/** What is known of an account before anything of it is started. */
export interface StoredState {
  /** Chromium has written into the profile. */
  readonly hasProfile: boolean;
  /** What the status file says; undefined when it is missing or was damaged. */
  readonly deviceLinked: boolean | undefined;
  /** The last life found the login unpaired as often as it may, and nobody has set it aside yet. */
  readonly unpaired: boolean;
}

export interface Operation {
  readonly mode: SessionMode;
  /** The profile is moved away before a browser opens it. */
  readonly quarantine: boolean;
}

/**
 * Restore or link, decided before browser and library start. Pure. A profile that may hold a login gets the benefit of
 * the doubt: a restore of nothing costs some seconds, a link over a login costs the login.
 *
 * | profile | status file | last life       | operation                          |
 * | ------- | ----------- | --------------- | ---------------------------------- |
 * | none    | any         | any             | link                               |
 * | there   | any         | found unpaired  | set the profile aside, then link   |
 * | there   | linked      | –               | restore                            |
 * | there   | unknown     | –               | restore                            |
 * | there   | not linked  | –               | link, in this profile: the link was never finished |
 */
export function decideOperation({ hasProfile, deviceLinked, unpaired }: StoredState): Operation {
  if (!hasProfile) return { mode: 'link', quarantine: false };
  if (unpaired) return { mode: 'link', quarantine: true };
  return { mode: deviceLinked === false ? 'link' : 'restore', quarantine: false };
}
