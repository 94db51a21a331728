import { WasupError } from '../../shared/errors.js';
import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { type InstallStep, chooseInstallStep } from './choose-install-step.js';
import { findBrowsers } from './find-browser.js';
import { type BrowserFiles, type MachineDescription, browserFiles, describeMachine } from './machine-description.js';
import { type RunCommand, runCommand } from './run-command.js';

export interface EnsureBrowserOptions {
  /** PUPPETEER_EXECUTABLE_PATH, absolute; undefined to look for one. */
  readonly configuredPath: string | undefined;
  /** Gets a line for a person whenever something takes time or did not work; nothing when a browser is there. */
  readonly report: (line: string) => void;
  readonly machine?: MachineDescription;
  readonly files?: BrowserFiles;
  readonly run?: RunCommand;
}

/**
 * Resolves with the path of a browser: the configured one, an installed one, one from puppeteer's cache, or one that is
 * fetched now by puppeteer or, on Debian as root, by apt-get. Takes milliseconds when one is there, minutes when not.
 *
 * @throws WasupError with exit code 78 and this system's remedy when there is none and none can be had.
 */
export async function ensureBrowser(options: EnsureBrowserOptions): Promise<string> {
  const { configuredPath, report } = options;
  const machine = options.machine ?? (await describeMachine());
  const files = options.files ?? browserFiles;
  const run = options.run ?? runCommand;
  const broken = new Set<string>();

  const find = async (): Promise<string | undefined> => {
    for await (const { path, source } of findBrowsers(configuredPath, machine, files)) {
      if (source !== 'cached') return path;
      if (broken.has(path)) continue;
      const failure = await run(path, ['--version'], { deadlineMs: 10_000 });
      if (failure === undefined) return path;
      broken.add(path);
      report(`${path} does not run: ${failure}`);
    }
    return undefined;
  };

  let found = await find();
  const failed = new Set<InstallStep>();
  while (found === undefined) {
    const step = chooseInstallStep(machine, failed);
    if (typeof step === 'object') {
      throw new WasupError('There is no browser on this machine, and none could be fetched', {
        remedy: step.remedy,
        exitCode: supervisorExitCodes.configuration,
      });
    }
    // Each step has one chance, whether it fails or brings a browser that does not run.
    failed.add(step);
    const failure = await install[step](run, report);
    if (failure !== undefined) report(failure);
    found = await find();
  }
  return found;
}

type Install = (run: RunCommand, report: (line: string) => void) => Promise<string | undefined>;

const install: Readonly<Record<InstallStep, Install>> = {
  download: async (run, report) => {
    report('No browser found. Downloading Chrome (about 170 MB): npx puppeteer browsers install chrome');
    const failure = await run('puppeteer', ['browsers', 'install', 'chrome'], { deadlineMs: 300_000, report });
    return failure === undefined ? undefined : `The download did not work: ${failure}`;
  },
  apt: async (run, report) => {
    report('Installing Chromium from the system’s packages: apt-get update && apt-get install -y chromium');
    // An outdated index is no reason to give up; a missing package shows in the second command.
    const update = await run('apt-get', ['update'], { deadlineMs: 120_000, report, environment: aptEnvironment });
    if (update !== undefined) report(`apt-get update did not work: ${update}`);
    const words = ['install', '-y', '-o', 'DPkg::Lock::Timeout=60', 'chromium'];
    const failure = await run('apt-get', words, { deadlineMs: 600_000, report, environment: aptEnvironment });
    return failure === undefined ? undefined : `apt-get install did not work: ${failure}`;
  },
};

const aptEnvironment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
