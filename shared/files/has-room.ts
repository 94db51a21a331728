import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a browser needs to open a profile, and a page to write its storage anew. With less Chromium may give up what it finds there. */
const neededBytes = 16_000_000;
const probeBytes = 65_536;

/**
 * Whether the disk of a profile has room for a browser or a page that is opened on it. Also asked by a write, since a quota, a read-only mount
 * or a lack of inodes shows in no other way.
 */
export async function hasRoom(profile: string): Promise<boolean> {
  const path = join(profile, '.wasup-room');
  try {
    const { bavail, bsize } = await statfs(profile);
    if (bavail * bsize < neededBytes) return false;
    await writeFile(path, Buffer.alloc(probeBytes));
    return true;
  } catch {
    return false;
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** What is to be done about a disk without room. */
export function roomAction(profile: string): string {
  return `Free space on the disk of ${profile}, or make it writable; wasup goes on by itself.`;
}
