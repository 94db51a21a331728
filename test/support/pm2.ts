import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { isAlive } from './processes.js';
import { inheritedEnvironment } from './supervisor-process.js';
import { until } from './until.js';

export interface Pm2App {
  /** 0 when pm2 neither has a process nor means to start one. */
  readonly pid: number;
  readonly status: string;
  /** How often pm2 has started it again. */
  readonly restarts: number;
  readonly exitCode: number | undefined;
}

/** Longer than a stop of wasup takes, and shorter than a test. */
const commandTimeoutMs = 50_000;
const command = fileURLToPath(new URL('../../node_modules/.bin/pm2', import.meta.url));
const ecosystemFile = fileURLToPath(new URL('../../ecosystem.config.cjs', import.meta.url));

/** pm2 from node_modules with a home and a daemon of its own, and wasup as its only app. */
export class Pm2 {
  readonly #home: string;
  #daemonPid = 0;

  static async open(): Promise<Pm2> {
    const pm2 = new Pm2(await mkdtemp(join(tmpdir(), 'wasup-pm2-')));
    // The daemon keeps the environment of the first command for ever; the stage's own must not be in it.
    await pm2.startDaemon(['ping']);
    return pm2;
  }

  private constructor(home: string) {
    this.#home = home;
  }

  get daemonPid(): number {
    return this.#daemonPid;
  }

  /** A command that finds no daemon starts one. */
  async startDaemon(words: readonly string[]): Promise<void> {
    await this.run(words);
    this.#daemonPid = Number(await readFile(join(this.#home, 'pm2.pid'), 'utf8'));
  }

  /** `pm2 start ecosystem.config.cjs`; resolves when pm2 says that it is online, or has ended. */
  async start(environment: Readonly<Record<string, string>>): Promise<Pm2App> {
    await this.run(['start', ecosystemFile], environment);
    return this.app();
  }

  /** @throws Error with its output when the command doesn't end with 0 in time. */
  async run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    const { stdout } = await promisify(execFile)(command, words, {
      env: {
        ...inheritedEnvironment(),
        PM2_HOME: this.#home,
        // No greeting, and nothing of it on the network.
        PM2_DISCRETE_MODE: 'true',
        PM2_DISABLE_VERSION_CHECK: 'true',
        ...environment,
      },
      cwd: this.#home,
      timeout: commandTimeoutMs,
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  }

  /** What pm2 says of wasup now. */
  async app(): Promise<Pm2App> {
    const [app] = JSON.parse(await this.run(['jlist'])) as JsonApp[];
    if (app === undefined) throw new Error(`pm2 knows of no app.\n${await this.log()}`);
    const { status, restart_time: restarts, exit_code: exitCode } = app.pm2_env;
    return { pid: app.pid, status, restarts, exitCode };
  }

  async waitForApp(holds: (app: Pm2App) => boolean, expectation: string): Promise<Pm2App> {
    let latest: Pm2App | undefined;
    return until(
      async () => {
        latest = await this.app();
        return holds(latest) ? latest : undefined;
      },
      { expectation: () => `${expectation}; pm2 says ${JSON.stringify(latest)}` },
    );
  }

  /** What pm2's daemon has noted, and what wasup has said to it. */
  async log(): Promise<string> {
    const files = [
      'pm2.log',
      'logs/wasup-out.log',
      'logs/wasup-out-0.log',
      'logs/wasup-error.log',
      'logs/wasup-error-0.log',
    ];
    const texts = await Promise.all(files.map((name) => readFile(join(this.#home, name), 'utf8').catch(() => '')));
    return texts.join('');
  }

  killDaemon(): void {
    process.kill(this.#daemonPid, 'SIGKILL');
  }

  /** @throws Error when its daemon is still there after `pm2 kill`; it is killed then. */
  async close(): Promise<void> {
    try {
      await this.run(['kill']);
      await until(() => (isAlive(this.#daemonPid) ? undefined : true), { expectation: () => "pm2's daemon to leave" });
    } finally {
      if (isAlive(this.#daemonPid)) this.killDaemon();
      await rm(this.#home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}

interface JsonApp {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number };
}
