import { type BrowserFiles, type MachineDescription } from '../../supervisor/browser/machine-description.js';

/** A Debian desktop of a user named Ada; nothing is installed on it. */
export const linux: MachineDescription = {
  platform: 'linux',
  architecture: 'x64',
  environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  homeDirectory: '/home/ada',
  isRoot: false,
  distribution: ['debian'],
};

/** A disk that holds executables and nothing else: their paths, or paths with the text of each. */
export function fakeFiles(executables: readonly string[] | Readonly<Record<string, string>>): BrowserFiles {
  const texts = Array.isArray(executables)
    ? new Map((executables as readonly string[]).map((path) => [path, '']))
    : new Map(Object.entries(executables as Readonly<Record<string, string>>));
  return {
    isExecutable: (path) => Promise.resolve(texts.has(path)),
    readHead: (path) => Promise.resolve(texts.get(path) ?? ''),
    listFolder: (folder) => {
      const inside = [...texts.keys()].filter((path) => path.startsWith(`${folder}/`));
      const names = inside.map((path) => path.slice(folder.length + 1).split('/', 1)[0] ?? '');
      return Promise.resolve([...new Set(names)]);
    },
  };
}
