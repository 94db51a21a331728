import { posix, win32 } from 'node:path';
import { WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { findCachedBrowsers } from './find-cached-browsers.js';
import { type BrowserFiles, type MachineDescription } from './machine-description.js';

export interface FoundBrowser {
  readonly path: string;
  /** A package's dependencies came with it; a downloaded browser may lack libraries and has to prove that it runs. */
  readonly source: 'configured' | 'installed' | 'cached';
}

/**
 * Looks for the browsers of a machine, best first: the configured one alone, else installed ones (Chromium's headless shell before all,
 * which takes half of the memory: docs/browser.md), then puppeteer's downloads. Nothing is started, and nothing is looked at that nobody asks for.
 *
 * @throws WasupError when the configured one does not exist or can't be executed: nobody wants another one silently.
 */
export async function* findBrowsers(
  configuredPath: string | undefined,
  machine: MachineDescription,
  files: BrowserFiles,
): AsyncGenerator<FoundBrowser, void, void> {
  if (configuredPath !== undefined) {
    if (!(await files.isExecutable(configuredPath))) {
      throw new WasupError(`The configured browser ${configuredPath} does not exist or can't be executed`, {
        remedy: 'Correct PUPPETEER_EXECUTABLE_PATH, or unset it to let wasup find a browser.',
        exitCode: supervisorExitCodes.configuration,
      });
    }
    yield { path: configuredPath, source: 'configured' };
    return;
  }
  const installed = await findInstalled(machine, files);
  for (const path of await withHeadlessShell(installed, machine, files)) yield { path, source: 'installed' };
  for (const path of await findCachedBrowsers(machine, files)) {
    if (await files.isExecutable(path)) yield { path, source: 'cached' };
  }
}

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

async function findInstalled(machine: MachineDescription, files: BrowserFiles): Promise<string[]> {
  const found: string[] = [];
  for (const path of installedCandidates(machine)) {
    if ((await files.isExecutable(path)) && !(await isSnapStub(path, files))) found.push(path);
  }
  return found;
}

/** Debian's. The program itself: the script of its name in /usr/bin stays before it, and what ends the script doesn't end the browser. */
const headlessShell = '/usr/lib/chromium/chromium-headless-shell';
const chromiumOfSamePackage = ['/usr/bin/chromium', '/usr/lib/chromium/chromium'];

/**
 * Puts the shell first where it can't cost a login: it opens what the Chromium of its own package has written, and the other way round, since
 * they always have the same version. Another browser may be ahead of it, and an older one doesn't keep what it can't read.
 */
async function withHeadlessShell(
  installed: readonly string[],
  { platform }: MachineDescription,
  files: BrowserFiles,
): Promise<readonly string[]> {
  if (platform !== 'linux' || !(await files.isExecutable(headlessShell))) return installed;
  const [first] = installed;
  const isOfSamePackage = first === undefined || chromiumOfSamePackage.includes(first);
  return isOfSamePackage ? [headlessShell, ...installed] : [...installed, headlessShell];
}

function installedCandidates(machine: MachineDescription): string[] {
  return [...new Set([...pathCandidates(machine), ...wellKnownCandidates(machine)])];
}

function pathCandidates({ platform, environment }: MachineDescription): string[] {
  if (platform === 'win32') return [];
  // What a relative entry holds depends on where wasup is started; that is no browser to trust a login to.
  const folders = (environment['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  const candidates = names.flatMap((name) => folders.map((folder) => posix.join(folder, name)));
  // A snap can't read a profile outside of its own folders: last, where nothing else is.
  return candidates.sort((left, right) => Number(isSnap(left)) - Number(isSnap(right)));
}

function wellKnownCandidates({ platform, environment, homeDirectory }: MachineDescription): string[] {
  if (platform === 'darwin') {
    const bundles = ['Google Chrome', 'Chromium'];
    const folders = ['/Applications', posix.join(homeDirectory, 'Applications')];
    return bundles.flatMap((name) => folders.map((folder) => posix.join(folder, `${name}.app/Contents/MacOS/${name}`)));
  }
  if (platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => environment[name] ?? []);
    const executables = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];
    return executables.flatMap((executable) => folders.map((folder) => win32.join(folder, executable)));
  }
  return [
    ...names.map((name) => `/usr/bin/${name}`),
    '/usr/local/bin/chromium',
    '/usr/lib/chromium/chromium',
    '/opt/google/chrome/chrome',
    '/snap/bin/chromium',
  ];
}

function isSnap(path: string): boolean {
  return path.startsWith('/snap/');
}

/** Ubuntu installs a script by this name that only says where to get the snap. */
async function isSnapStub(path: string, files: BrowserFiles): Promise<boolean> {
  if (!path.endsWith('/chromium-browser')) return false;
  const head = await files.readHead(path);
  return head.startsWith('#!') && head.includes('snap install chromium');
}
