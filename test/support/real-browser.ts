import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type BrowserProcess,
  startBrowser,
  type StartBrowserOptions,
} from '../../supervisor/browser/browser-process.js';
import { findBrowsers } from '../../supervisor/browser/find-browser.js';
import { ensureBrowser } from '../../supervisor/browser/install-browser.js';
import { launchArguments } from '../../supervisor/browser/launch-arguments.js';
import { browserFiles, describeMachine } from '../../supervisor/browser/machine-description.js';
import { findBrowserProcesses } from '../../supervisor/browser/profile-processes.js';

const configured = process.env['PUPPETEER_EXECUTABLE_PATH']?.trim();
const configuredPath = configured === undefined || configured === '' ? undefined : resolve(configured);
const executablePath = (await findLocking()) ?? (await ensureBrowser({ configuredPath, report: console.log }));

/** The browser that wasup itself would take, but for the headless shell: that has no lock on its profile, about which some tests are. */
export function chromiumPath(): string {
  return executablePath;
}

async function findLocking(): Promise<string | undefined> {
  const machine = await describeMachine();
  for await (const { path, source } of findBrowsers(configuredPath, machine, browserFiles)) {
    if (source !== 'cached' && !/headless[-_]shell/.test(path)) return path;
  }
  return undefined;
}

/** A browser of its own folder, which `remove` deletes after ending everything that runs on it. */
export class BrowserFolder {
  readonly #browsers: BrowserProcess[] = [];

  private constructor(readonly path: string) {}

  static async create(): Promise<BrowserFolder> {
    const path = await mkdtemp(join(tmpdir(), 'wasup-browser-'));
    await mkdir(join(path, 'home'));
    return new BrowserFolder(path);
  }

  get profile(): string {
    return join(this.path, 'profile');
  }

  get log(): string {
    return join(this.path, 'browser.log');
  }

  get arguments(): string[] {
    const asRoot = process.getuid?.() === 0;
    return launchArguments({ profileDirectory: this.profile, extraArguments: [], asRoot });
  }

  get options(): StartBrowserOptions {
    return {
      executablePath: chromiumPath(),
      arguments: this.arguments,
      logPath: this.log,
      startTimeoutMs: 30_000,
      // Nothing of the user's own files.
      environment: { ...process.env, HOME: join(this.path, 'home') },
    };
  }

  async start(options: Partial<StartBrowserOptions> = {}): Promise<BrowserProcess> {
    const browser = await startBrowser({ ...this.options, ...options });
    this.#browsers.push(browser);
    return browser;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#browsers.map((browser) => browser.stop({ timeoutMs: 10_000 })));
    // What a test started by other means, and didn't come to end because it failed.
    for (const pid of (await findBrowserProcesses(this.profile))?.profile ?? []) killIfThere(pid);
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
