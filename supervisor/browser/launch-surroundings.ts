import { statfs } from 'node:fs/promises';
import { execa } from 'execa';
import { type LaunchArgumentsOptions, userAgentOf } from './launch-arguments.js';

/** Docker gives 64 MB; with that little Chromium's renderers crash. */
const smallSharedMemoryBytes = 512 * 1024 * 1024;

const versionTimeoutMs = 5_000;

export type LaunchSurroundings = Pick<LaunchArgumentsOptions, 'asRoot' | 'smallSharedMemory' | 'userAgent'>;

/**
 * What the launch arguments depend on beside the account: the machine, the user and the browser's version. Runs the browser with
 * `--version` (40 ms), so once for all accounts and starts is enough. What can't be found out is left to Chromium's defaults.
 */
export async function readLaunchSurroundings(
  executablePath: string,
  environment: NodeJS.ProcessEnv,
): Promise<LaunchSurroundings> {
  const [version, smallSharedMemory] = await Promise.all([
    readVersion(executablePath, environment),
    hasSmallSharedMemory(),
  ]);
  return {
    asRoot: isRoot(),
    smallSharedMemory,
    userAgent: version === undefined ? undefined : userAgentOf(version),
  };
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function readVersion(executablePath: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { stdout } = await execa(executablePath, ['--version'], {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: versionTimeoutMs,
  });
  return /\d+(?:\.\d+){3}/.exec(stdout)?.[0];
}

async function hasSmallSharedMemory(): Promise<boolean> {
  try {
    const { blocks, bsize } = await statfs('/dev/shm');
    return blocks * bsize < smallSharedMemoryBytes;
  } catch {
    // No such folder: not Linux, and Chromium uses something else.
    return false;
  }
}
