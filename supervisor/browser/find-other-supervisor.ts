import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { readProcessStat } from '../../shared/process-stat.js';

/**
 * The living supervisor, other than this one, that started one of these browsers. Linux only: elsewhere nothing is found.
 *
 * A browser that is somebody's is still the child of a Node process; when that dies, the system's first process or a service manager
 * takes the browser over.
 */
export async function findOtherSupervisor(browserIds: readonly number[]): Promise<number | undefined> {
  const found = await Promise.all(browserIds.map(supervisorOf));
  return found.find((id) => id !== undefined && id !== process.pid);
}

async function supervisorOf(browserId: number): Promise<number | undefined> {
  const browser = await readProcessStat(browserId);
  let id = browser?.parent;
  while (id !== undefined && id > 0) {
    if (await isSupervisor(id)) return id;
    const ancestor = await readProcessStat(id);
    // Between them there can be a start script that has stayed; it is of the browser's process group.
    id = ancestor?.group === browser?.group ? ancestor?.parent : undefined;
  }
  return undefined;
}

async function isSupervisor(id: number): Promise<boolean> {
  try {
    if (basename(await readlink(`/proc/${id}/exe`)) !== basename(process.execPath)) return false;
    if (id !== 1) return true;
    // In a container the first process gets everybody's orphans, and is often Node itself: as a process manager, or as a supervisor.
    const words = (await readFile(`/proc/${id}/cmdline`, 'utf8')).split('\0');
    return words.some((word) => /(^|\/)(supervisor(\/(index|main)\.[jt]s)?|wasup)\/?$/.test(word));
  } catch {
    // It has ended, or it is another user's; then its browser is, too, and can't be signalled by us.
    return false;
  }
}
