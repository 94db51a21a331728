import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { findOtherSupervisor } from './browser/find-other-supervisor.js';
import { type ProcessIdentity, readProcessStat } from '../shared/process-stat.js';

/** In a worker's environment: the folder of the account that it was started for, or of all accounts if it was started for any.
   Not one of wasup's options, so without its prefix. */
export const accountFolderVariable = 'ACCOUNT_FOLDER_OF_WASUP';

/** The environment of a worker: by this it is found again if nobody could write it down. */
export function workerEnvironment(directory: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, [accountFolderVariable]: directory };
}

/**
 * Workers of an account, or of any in its sessions folder, whose supervisor has died, by what they were started with: wasup's worker, with Node, for this folder. Those of a
 * living supervisor are not found. Linux only: elsewhere nothing is.
 */
export async function findOrphanWorkers(directory: string): Promise<ProcessIdentity[]> {
  if (process.platform !== 'linux') return [];
  const real = await realpath(directory).catch(() => directory);
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(ids.map((id) => look(id, real)));
  return found.filter((identity) => identity !== undefined);
}

async function look(pid: number, directory: string): Promise<ProcessIdentity | undefined> {
  try {
    if (!(await isWorkerFor(pid, directory))) return undefined;
    const stat = await readProcessStat(pid);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    // Once more: only now it is known that all this is of the same process.
    if (!(await isWorkerFor(pid, directory)) || stat.parent === process.pid) return undefined;
    return (await findOtherSupervisor([pid])) === undefined ? { pid, startTime: stat.startTime } : undefined;
  } catch {
    // It ended while we looked, or it is another user's.
    return undefined;
  }
}

async function isWorkerFor(pid: number, directory: string): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  if (!words.some((word) => /\/worker\/main\.[jt]s$/.test(word))) return false;
  if (basename(await readlink(`/proc/${pid}/exe`)) !== basename(process.execPath)) return false;
  const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const marker = variables.find((variable) => variable.startsWith(`${accountFolderVariable}=`));
  const path = marker?.slice(accountFolderVariable.length + 1);
  if (path === undefined) return false;
  const folder = await realpath(path).catch(() => path);
  return folder === directory || folder === dirname(directory);
}
