import { realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { configurationOf } from '../shared/configuration/configuration-of.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { describeFiles } from './development/describe-files.js';
import type { SourceFolder } from './development/source-files.js';
import { type FolderWatch, watchFolders } from './development/watch-folders.js';
import { type DataChanges, judgeBurst } from './development/written-data.js';
import type { Supervisor } from './supervisor.js';

export interface SourcesOptions {
  readonly supervisor: Pick<Supervisor, 'accounts'>;
  readonly configuration: Configuration;
  readonly log: Logger;
  /** Whoever started this supervisor starts it anew when `shared/` changes, with its workers. */
  readonly isRestartedFromOutside: boolean;
}

/** Has workers with the new code take over when what they run has changed. The browser, and the link with it, stays. */
export function watchSources({ supervisor, configuration, log, isRestartedFromOutside }: SourcesOptions): FolderWatch {
  const rooms = isRestartedFromOutside ? ['bot', 'worker'] : ['bot', 'worker', 'shared'];
  const own = rooms.map((room) => ({ path: fileURLToPath(new URL(`../${room}`, import.meta.url)), isDeep: true }));
  let changes: DataChanges = new Map();
  return watchFolders([...own, ...botFolders(configuration)], {
    except: configuration.sessionsDirectory,
    onChange: (files) => {
      const { sources, leftOut, ...judgement } = judgeBurst(changes, files, performance.now());
      ({ changes } = judgement);
      if (leftOut.length > 0) {
        log.warn(
          `${describeFiles(leftOut, process.cwd())} changes again after each restart: it is taken for something that the bot writes, and left out until code is saved. Keep such files outside the bot's folder.`,
        );
      }
      if (sources.length === 0) return;
      log.info(`${describeFiles(sources, process.cwd())} changed: the new code takes over.`);
      for (const account of supervisor.accounts) account.requestRestart({ freshBrowser: false });
    },
    onTrouble: (error) =>
      log.warn(`Changes may go unseen (${describeError(error)}). On Linux, raise fs.inotify.max_user_watches.`),
  });
}

/** Where the users' own bots are, and what they import from beside them. */
function botFolders(configuration: Configuration): SourceFolder[] {
  const modules = configuration.accounts
    .map((number) => configurationOf(configuration, number).botModule)
    .filter((path) => path !== undefined);
  // An editor writes to what a link leads to.
  const paths = new Set(modules.flatMap((path) => [dirname(path), dirname(followed(path))]));
  return [...paths].map((path) => ({ path, isDeep: !crowded.some((folder) => contains(followed(path), folder)) }));
}

/**
 * What is no folder of a bot alone, and neither is one that holds it. The checkout is watched by itself; below the others lies far more
 * than can be watched.
 */
const crowded = [fileURLToPath(new URL('..', import.meta.url)), homedir(), tmpdir()].map(followed);

function contains(folder: string, other: string): boolean {
  return !relative(folder, other).startsWith('..');
}

function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
