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
  if (!failed.has('apt') && isDebian(machine) && machine.isRoot) return 'apt';
  return { remedy: `${remedyFor(machine)}, or set PUPPETEER_EXECUTABLE_PATH to a Chromium or Chrome that you have.` };
}

function isDownloadable({ platform, architecture, environment }: MachineDescription): boolean {
  // There is no Chrome for Testing for Linux on ARM: puppeteer would fetch one that can't run.
  if (platform === 'linux' && architecture !== 'x64') return false;
  const skip = environment['PUPPETEER_SKIP_DOWNLOAD'] ?? environment['PUPPETEER_SKIP_CHROME_DOWNLOAD'] ?? '';
  return ['', '0', 'false'].includes(skip.toLowerCase());
}

function isDebian({ platform, distribution }: MachineDescription): boolean {
  return platform === 'linux' && (distribution.includes('debian') || distribution.includes('ubuntu'));
}

function remedyFor({ platform, distribution, isRoot }: MachineDescription): string {
  if (platform === 'darwin') return 'Run: brew install --cask google-chrome';
  if (platform === 'win32') return 'Install Google Chrome from https://www.google.com/chrome';
  const sudo = isRoot ? '' : 'sudo ';
  const command = (...distributions: string[]): boolean => distributions.some((name) => distribution.includes(name));
  // Ubuntu's package is a snap, which can't hold a profile in the sessions folder.
  if (command('ubuntu')) return `Run: ${sudo}npx puppeteer browsers install chrome --install-deps`;
  if (command('debian')) return `Run: ${sudo}apt-get update && ${sudo}apt-get install -y chromium`;
  if (command('fedora', 'rhel', 'centos')) return `Run: ${sudo}dnf install -y chromium`;
  if (command('alpine')) return `Run: ${sudo}apk add chromium`;
  if (command('arch')) return `Run: ${sudo}pacman -S chromium`;
  if (command('suse', 'opensuse')) return `Run: ${sudo}zypper install chromium`;
  return 'Install Chromium or Google Chrome with the package manager of this system';
}
