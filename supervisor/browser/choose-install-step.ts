import { type MachineDescription } from './machine-description.js';

export type InstallStep = 'download' | 'apt';

export interface Surrender {
  /** What a person on this machine can do, one sentence. */
  readonly remedy: string;
}

/** Decides how to get a browser onto a machine that has none, given what did not work before. */
export function chooseInstallStep(
  machine: MachineDescription,
  failed: ReadonlySet<InstallStep>,
): InstallStep | Surrender {
  if (!failed.has('download') && isDownloadable(machine)) return 'download';
  if (!failed.has('apt') && hasChromiumPackage(machine) && machine.isRoot) return 'apt';
  return { remedy: `${remedyFor(machine)}, or set PUPPETEER_EXECUTABLE_PATH to a Chromium or Chrome that you have.` };
}

function isDownloadable({ platform, architecture, environment }: MachineDescription): boolean {
  // There is no Chrome for Testing for Linux on ARM: puppeteer would fetch one that can't run.
  if (platform === 'linux' && architecture !== 'x64') return false;
  const skip = environment['PUPPETEER_SKIP_DOWNLOAD'] ?? environment['PUPPETEER_SKIP_CHROME_DOWNLOAD'] ?? '';
  return ['', '0', 'false'].includes(skip.toLowerCase());
}

/** Debian's is a browser. Ubuntu's is a snap, which can't hold a profile in the sessions folder. */
function hasChromiumPackage({ platform, distribution }: MachineDescription): boolean {
  return platform === 'linux' && distribution.includes('debian') && !distribution.includes('ubuntu');
}

function remedyFor({ platform, architecture, distribution, isRoot }: MachineDescription): string {
  if (platform === 'darwin') return 'Run: brew install --cask google-chrome';
  if (platform === 'win32') return 'Install Google Chrome from https://www.google.com/chrome';
  const sudo = isRoot ? '' : 'sudo ';
  const command = (...distributions: string[]): boolean => distributions.some((name) => distribution.includes(name));
  if (command('ubuntu')) {
    if (architecture !== 'x64') return "Install a Chromium that isn't a snap, as Ubuntu's own is, or use Debian";
    // Brings its libraries along. (As root, puppeteer would install into the cache of root, where nobody else finds it.)
    const file = 'google-chrome-stable_current_amd64.deb';
    return `Run: wget -P /tmp https://dl.google.com/linux/direct/${file} && ${sudo}apt-get install -y /tmp/${file}`;
  }
  if (command('debian')) return `Run: ${sudo}apt-get update && ${sudo}apt-get install -y chromium`;
  if (command('fedora', 'rhel', 'centos')) return `Run: ${sudo}dnf install -y chromium`;
  if (command('alpine')) return `Run: ${sudo}apk add chromium`;
  if (command('arch')) return `Run: ${sudo}pacman -S chromium`;
  if (command('suse', 'opensuse')) return `Run: ${sudo}zypper install chromium`;
  return 'Install Chromium or Google Chrome with the package manager of this system';
}
