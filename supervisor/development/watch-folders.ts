import { watch } from 'chokidar';

import { ChangeBursts } from './change-bursts.js';
import { isOffLimits, isSource, type SourceFolder } from './source-files.js';

export interface WatchOptions {
  /** The files of a burst of changes, when it is over. */
  readonly onChange: (files: readonly string[]) => void;
  readonly onTrouble: (error: Error) => void;
  /** A folder that is of no interest wherever it lies. */
  readonly except?: string;
}

export interface FolderWatch {
  /** Resolves when every change from here on is seen. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Watches sources. What isn't one, and what tools keep beside them, is no change. */
export function watchFolders(
  folders: readonly SourceFolder[],
  { onChange, onTrouble, except }: WatchOptions,
): FolderWatch {
  const bursts = new ChangeBursts(clock, onChange);
  const watcher = watch(
    folders.map(({ path }) => path),
    { ignoreInitial: true, ignored: (path) => isOffLimits(path, folders, except) },
  );
  watcher.on('all', (_event, path) => {
    if (isSource(path, folders)) bursts.add(path);
  });
  watcher.on('error', (error) => onTrouble(error instanceof Error ? error : new Error(String(error))));
  return {
    ready: new Promise((resolve) => watcher.once('ready', resolve)),
    close: async () => {
      bursts.close();
      await watcher.close();
    },
  };
}

const clock = {
  now: () => performance.now(),
  setTimer: (callback: () => void, delayMs: number) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
