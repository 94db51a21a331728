import { setTimeout as delay } from 'node:timers/promises';

import { readProcessPlaces } from '../shared/process-places.js';

/** As long as the supervisor waits where it ends a group. */
const terminateMs = 500;
const lookIntervalMs = 20;

/**
 * Ends what the bot has started and left in this process' group: SIGTERM, which this process hears as well, and SIGCONT for whatever was
 * stopped, then SIGKILL, also for this process. That is for a worker without its supervisor, which does it otherwise. What has left the
 * group is not touched.
 *
 * @returns a promise that resolves when nobody else is in the group; at once in a process that leads none.
 */
export async function endOwnGroup(): Promise<void> {
  if (process.platform === 'win32' || !signalGroup('SIGTERM')) return;
  signalGroup('SIGCONT');
  for (let leftMs = terminateMs; leftMs > 0; leftMs -= lookIntervalMs) {
    if (!(await hasCompany())) return;
    await delay(lookIntervalMs);
  }
  signalGroup('SIGKILL');
}

/** Where the system doesn't say, somebody may be there. */
async function hasCompany(): Promise<boolean> {
  const places = await readProcessPlaces().catch(() => undefined);
  return places === undefined || places.some(({ id, group }) => group === process.pid && id !== process.pid);
}

/** False in a process that leads no group: it wasn't the supervisor who started it. */
function signalGroup(signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-process.pid, signal);
  } catch {
    return false;
  }
}
