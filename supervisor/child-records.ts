import { join } from 'node:path';

import { z } from 'zod';

import { describeError } from '../shared/errors.js';
import { type JsonFileKind, readJsonFile, updateJsonFile } from '../shared/files/json-file.js';
import { jsonList } from '../shared/files/json-list.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import { isStillRunning, readProcessStat } from '../shared/process-stat.js';
import { vacateProfile } from './browser/vacate-profile.js';
import { endWorkers } from './end-workers.js';
import { findOrphanWorkers } from './find-orphan-workers.js';
import { describeOwnProcess } from './lock-holder.js';

const childSchema = z.object({
  role: z.enum(['worker', 'browser']),
  pid: z.int().positive(),
  /** In clock ticks since boot. */
  startTime: z.int().nonnegative(),
  bootId: z.string(),
  /** Which table of processes the pid belongs to: containers of one machine have tables of their own. */
  pidNamespace: z.string(),
});

/** A process of an account, as its supervisor has written it down for the next one. */
export type ChildRecord = z.infer<typeof childSchema>;
export type ChildRole = ChildRecord['role'];

const file: JsonFileKind<readonly ChildRecord[]> = jsonList(childSchema);

export interface ChildRecordsOptions {
  readonly paths: Pick<SessionPaths, 'directory' | 'profile'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/**
 * `processes.json`: which processes an account has, for a supervisor that finds them without the one that started them. A process is known
 * again by its number *and* its start time. Where there is no `/proc`, nothing is noted and nothing found. Nothing here rejects: a file
 * that can't be written or read costs what only it knows, and the command lines still tell the rest.
 */
export class ChildRecords {
  readonly #path: string;
  readonly #options: ChildRecordsOptions;
  readonly #own = describeOwnProcess();
  #isUnwritable = false;
  /** One after another: an exit is noted after its start. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: ChildRecordsOptions) {
    this.#path = childRecordsPath(options.paths.directory);
    this.#options = options;
  }

  /** Called at a spawn: as long as its exit wasn't told, nobody else can have its number. */
  note(role: ChildRole, pid: number): Promise<void> {
    const stat = readProcessStat(pid);
    return this.#inTurn(async () => {
      const startTime = (await stat)?.startTime;
      const { bootId, pidNamespace } = await this.#own;
      if (startTime === undefined || bootId === null || pidNamespace === null) return;
      const child: ChildRecord = { role, pid, startTime, bootId, pidNamespace };
      await this.#change((children) => [...children.filter((other) => other.pid !== pid), child]);
    });
  }

  /** Called at its exit. */
  forget(role: ChildRole, pid: number): Promise<void> {
    return this.#inTurn(() =>
      this.#change((children) => children.filter((child) => child.role !== role || child.pid !== pid)),
    );
  }

  /**
   * Ends what an earlier supervisor has left of this account: workers with SIGCONT, SIGTERM and SIGKILL, browsers gracefully first. Called
   * with the account's lock in hand, before its first start. Takes some ms when there is nobody, and 9 s at most.
   *
   * @returns the ids of those that can't be ended; where a browser is among them, none may be started on the profile.
   */
  async endOrphans(): Promise<{ readonly stuck: readonly number[] }> {
    const { log, paths } = this.#options;
    let stuck: readonly number[] = [];
    await this.#inTurn(async () => {
      const recorded = await this.#livingOfRecord();
      const workers = [
        ...recorded.filter(({ role }) => role === 'worker'),
        ...(await findOrphanWorkers(paths.directory)),
      ];
      const unique = [...new Map(workers.map((worker) => [worker.pid, worker])).values()];
      const browsers = recorded.filter(({ role }) => role === 'browser');
      if (unique.length > 0) log.info(`Ending what an earlier supervisor has left: worker ${listIds(unique)}.`);
      const ends = [endWorkers(unique), ...browsers.map((browser) => this.#endBrowser(browser))];
      stuck = (await Promise.all(ends)).flat();
      const isLeft = ({ pid }: ChildRecord): boolean => stuck.includes(pid);
      await this.#change((children) => (children.every(isLeft) ? children : children.filter(isLeft)));
    });
    return { stuck };
  }

  /** Resolves when everything is written that can be. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #livingOfRecord(): Promise<readonly ChildRecord[]> {
    const { bootId, pidNamespace } = await this.#own;
    const found = await readJsonFile(this.#path, file, new Date()).catch((error: unknown) => {
      this.#options.log.warn(describeError(error));
      return undefined;
    });
    return (found?.value ?? []).filter(
      (child) => child.bootId === bootId && child.pidNamespace === pidNamespace && isStillRunning(child),
    );
  }

  async #endBrowser(browser: ChildRecord): Promise<number[]> {
    const { log, paths } = this.#options;
    try {
      const wasThere = await vacateProfile(paths.profile, { known: browser });
      if (wasThere) log.info(`Browser ${browser.pid} of an earlier supervisor was still there; it is gone now.`);
    } catch (error) {
      // The start of the account's own browser meets the same, and says what follows.
      log.warn(`Browser ${browser.pid} of an earlier supervisor is still there: ${describeError(error)}`);
    }
    return isStillRunning(browser) ? [browser.pid] : [];
  }

  async #change(apply: (children: readonly ChildRecord[]) => readonly ChildRecord[]): Promise<void> {
    await updateJsonFile(this.#path, file, new Date(), apply);
    this.#isUnwritable = false;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work).catch((error: unknown) => {
      if (!this.#isUnwritable) this.#options.log.warn(describeError(error));
      this.#isUnwritable = true;
    });
    this.#work = result;
    return result;
  }
}

export function childRecordsPath(directory: string): string {
  return join(directory, 'processes.json');
}

function listIds(processes: readonly { readonly pid: number }[]): string {
  return processes.map(({ pid }) => pid).join(', ');
}
