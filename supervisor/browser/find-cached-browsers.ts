import { posix, win32 } from 'node:path';
import { type BrowserFiles, type MachineDescription } from './machine-description.js';

/**
 * Lists what puppeteer has downloaded: Chrome before its headless shell, the newest of each first. Only what this
 * platform runs: a cache in a shared home holds the builds of other machines, too.
 */
export async function findCachedBrowsers(machine: MachineDescription, files: BrowserFiles): Promise<string[]> {
  const path = machine.platform === 'win32' ? win32 : posix;
  const configured = machine.environment['PUPPETEER_CACHE_DIR'] ?? '';
  // An empty variable is how compose files and shells leave it out.
  const cache = configured === '' ? path.join(machine.homeDirectory, '.cache', 'puppeteer') : configured;
  const found: string[] = [];
  for (const product of ['chrome', 'chrome-headless-shell']) {
    const builds = await files.listFolder(path.join(cache, product));
    for (const build of [...builds].sort(newestFirst)) {
      const executable = executableOf(product, build.replace(/-.*$/, ''), machine.platform);
      if (executable !== undefined) found.push(path.join(cache, product, build, ...executable));
    }
  }
  return found;
}

/** Folder and file inside a build. `buildPlatform` is how puppeteer names platforms: `linux`, `mac_arm`, `win64`. */
function executableOf(product: string, buildPlatform: string, platform: NodeJS.Platform): string[] | undefined {
  const folderPlatform = folderPlatforms[platform]?.[buildPlatform];
  if (folderPlatform === undefined) return undefined;
  const folder = `${product}-${folderPlatform}`;
  if (platform === 'win32') return [folder, `${product}.exe`];
  if (platform === 'darwin' && product === 'chrome') {
    return [folder, 'Google Chrome for Testing.app', 'Contents', 'MacOS', 'Google Chrome for Testing'];
  }
  return [folder, product];
}

const folderPlatforms: Partial<Record<NodeJS.Platform, Readonly<Record<string, string>>>> = {
  linux: { linux: 'linux64' },
  darwin: { mac: 'mac-x64', mac_arm: 'mac-arm64' },
  win32: { win32: 'win32', win64: 'win64' },
};

/** Compares `linux-146.0.7680.31` number by number: as text, 99 would beat 146. */
function newestFirst(left: string, right: string): number {
  const [leftNumbers, rightNumbers] = [left, right].map((build) =>
    build
      .replace(/^[^-]*-/, '')
      .split('.')
      .map(Number),
  );
  for (const [index, number] of (rightNumbers ?? []).entries()) {
    const difference = number - (leftNumbers?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
