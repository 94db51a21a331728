import { constants } from 'node:fs';
import { access, open, readFile, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';

/** What decides where a browser is looked for and how one can be had. */
export interface MachineDescription {
  readonly platform: NodeJS.Platform;
  /** As `process.arch` names it. */
  readonly architecture: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly homeDirectory: string;
  readonly isRoot: boolean;
  /** `ID` and `ID_LIKE` of os-release: `['ubuntu', 'debian']`. Empty where there is none. */
  readonly distribution: readonly string[];
}

/** The disk, as far as the search for a browser looks at it. None of these rejects. */
export interface BrowserFiles {
  isExecutable(path: string): Promise<boolean>;
  listFolder(path: string): Promise<readonly string[]>;
  /** The first kilobytes of a file. */
  readHead(path: string): Promise<string>;
}

export async function describeMachine(): Promise<MachineDescription> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    platform: process.platform,
    architecture: process.arch,
    environment: process.env,
    homeDirectory: homedir(),
    isRoot: process.getuid?.() === 0,
    distribution: parseDistribution(release),
  };
}

export function parseDistribution(release: string): string[] {
  return [...release.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, names = '']) => names.split(' '));
}

export const browserFiles: BrowserFiles = {
  isExecutable: async (path) => {
    try {
      await access(path, constants.X_OK);
      // Folders are executable in their own way.
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },
  listFolder: (path) => readdir(path).catch(() => []),
  readHead: async (path) => {
    try {
      const file = await open(path, 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
        return buffer.toString('latin1', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch {
      return '';
    }
  },
};
