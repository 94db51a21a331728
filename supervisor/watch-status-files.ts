import { dirname } from 'node:path';

import type { FSWatcher } from 'chokidar';

/** One watcher for all accounts; chokidar is loaded with the first of them. */
let watcher: Promise<FSWatcher> | undefined;
const listeners = new Map<string, () => void>();
const folders = new Set<string>();

/**
 * Calls `onChange` when a file is written, replaced, removed or made anew, within some ms, 0.1 s for a removal. Not each change comes
 * (a system may run out of watches): look at the file from time to time all the same.
 *
 * @returns ends it.
 */
export async function watchStatusFile(path: string, onChange: () => void): Promise<() => Promise<void>> {
  const folder = dirname(path);
  listeners.set(path, onChange);
  folders.add(folder);
  watcher ??= open();
  (await watcher).add(folder);
  return async () => {
    if (listeners.get(path) !== onChange) return;
    listeners.delete(path);
    folders.delete(folder);
    const opened = watcher;
    if (listeners.size === 0) watcher = undefined;
    if (listeners.size === 0) await (await opened)?.close();
    else (await opened)?.unwatch(folder);
  };
}

async function open(): Promise<FSWatcher> {
  const { watch } = await import('chokidar');
  return (
    watch([], {
      ignoreInitial: true,
      // It must not keep a process alive that has nothing else to do.
      persistent: false,
      depth: 0,
      // The folder is watched for a file of that name: a file that is watched itself is lost when it is removed and made anew.
      ignored: (path) => !folders.has(path) && !listeners.has(path),
    })
      .on('all', (_event, path) => listeners.get(path)?.())
      // Too many watches, mostly. The regular looks are enough.
      .on('error', () => undefined)
  );
}
