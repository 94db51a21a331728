import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type FSWatcher, watch } from 'chokidar';

import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { Logger } from '../shared/logger.js';
import type { Supervisor } from './supervisor.js';

/** Editors write a file in several steps, and people save several files. */
const debounceMs = 150;

/** Restarts the workers when what they run has changed. The browser, and the link with it, stays. */
export function watchSources(supervisor: Supervisor, configuration: Configuration, log: Logger): FSWatcher {
  const rooms = ['bot', 'worker', 'shared'].map((room) => fileURLToPath(new URL(`../${room}`, import.meta.url)));
  const places = configuration.botModule === undefined ? rooms : [...rooms, dirname(configuration.botModule)];
  const watcher = watch(places, {
    ignoreInitial: true,
    ignored: (path) => /[\\/](node_modules|\.git|sessions|dist)([\\/]|$)/.test(path),
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', (_event, path) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      log.info(`${path} has changed: restarting the workers.`);
      for (const account of supervisor.accounts) account.requestRestart({ freshBrowser: false });
    }, debounceMs);
  });
  return watcher;
}
