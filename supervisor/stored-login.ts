import type { SessionMode } from '../shared/protocol/messages.js';

/** Restore or link, from what is stored. A profile whose status is unknown gets the benefit of the doubt. Pure. */
export function decideMode(hasProfile: boolean, deviceLinked: boolean | undefined): SessionMode {
  return hasProfile && deviceLinked !== false ? 'restore' : 'link';
}
