import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fileError } from '../../shared/files/file-error.js';

/** Chromium writes little when all is well; a loop of complaints must not fill the disk, though. */
const maxLogBytes = 4 * 1024 * 1024;

const checkIntervalMs = 60_000;

export interface BrowserLog {
  /** For the browser's stdout and stderr. */
  readonly descriptor: number;
  /** The end of what was written, at most 8 KiB. */
  tail(): Promise<string>;
  close(): Promise<void>;
}

/**
 * A file, emptied, mode 0600, for what the browser writes: its complaints may quote addresses and page contents.
 * @throws WasupError when it can't be written.
 */
export async function openBrowserLog(path: string): Promise<BrowserLog> {
  const file = await openEmpty(path);
  const timer = setInterval(() => void emptyIfLarge(file), checkIntervalMs);
  timer.unref();
  return {
    descriptor: file.fd,
    tail: () => readTail(file),
    async close() {
      clearInterval(timer);
      await file.close();
    },
  };
}

async function openEmpty(path: string): Promise<FileHandle> {
  // Appending makes emptying it safe while the browser writes: its next line goes to the new end.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND | constants.O_NOFOLLOW;
  let file: FileHandle | undefined;
  try {
    file = await open(path, flags, 0o600);
    await file.chmod(0o600);
    return file;
  } catch (error) {
    await file?.close();
    throw fileError('write', path, error);
  }
}

async function emptyIfLarge(file: FileHandle): Promise<void> {
  try {
    if ((await file.stat()).size > maxLogBytes) await file.truncate(0);
  } catch {
    // Closed meanwhile, or the disk refuses: the next look decides.
  }
}

async function readTail(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, 8 * 1024);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}
