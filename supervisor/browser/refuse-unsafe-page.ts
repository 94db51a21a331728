import { hasRoom } from '../../shared/files/has-room.js';
import { isCutOff } from './mend-databases.js';

/**
 * Checks that a page may be opened in the browser that runs on a profile. On a disk without room, and after one, that
 * may cost the login: Chromium gives up a database that it finds cut off.
 *
 * @throws Error when another browser is needed. Its start waits for room and mends what is cut off.
 */
export async function refuseUnsafePage(profile: string): Promise<void> {
  if (!(await hasRoom(profile))) throw new Error(`the disk of ${profile} has no room for another page`);
  if (await isCutOff(profile)) throw new Error("a full disk has cut off what the browser's pages store");
}
