import { type FileHandle, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describeError } from '../../shared/errors.js';
import { UnreadableError } from './leveldb/byte-reader.js';
import { appendixTo, type LogContent, logOf, readLog, salvageLog } from './leveldb/log-format.js';
import { unlockTransactions } from './leveldb/unlock-transactions.js';

/** A record is written in two steps, microseconds apart. */
const writeGraceMs = 100;

/**
 * Makes the databases of a profile fit to be opened after its browser was killed. In two ways Chromium throws the whole
 * of IndexedDB away otherwise, the login in it:
 *
 * - A record was half written. Chromium writes on behind it, and finds the log damaged at the start after the next one:
 *   it is cut off. On a disk that was full the browser that goes on running writes on behind it itself: it is taken out
 *   of the log.
 * - Two transactions were under way. Chromium takes the lock that both have for damage: it is left to the first of
 *   them.
 *
 * Nothing that was committed is touched. docs/browser.md has the whole story.
 *
 * Nobody may be on the profile.
 *
 * @param onNews told in a sentence what was done, or what can't be looked at. Not an error: Chromium says itself what
 * it can't open.
 */
export async function mendDatabases(profileDirectory: string, onNews: (sentence: string) => void): Promise<void> {
  const databases = await databasesOf(join(profileDirectory, 'Default'));
  await Promise.all(
    databases.map(async (database) => {
      const name = relative(profileDirectory, database);
      try {
        await mend(database, (what) => onNews(`Mended ${name} after a kill or a full disk: ${what}.`));
      } catch (error) {
        onNews(
          `The browser's database ${name} can't be looked at (${describeError(error)}); Chromium opens it as it is.`,
        );
      }
    }),
  );
}

/**
 * Whether a record in what a profile's pages store is cut off, while its browser runs: it could not be written on a
 * full disk. A page that is opened in this browser has Chromium write on behind it, and the next one finds the database
 * damaged.
 */
export async function isCutOff(profileDirectory: string): Promise<boolean> {
  const before = await tornEnds(profileDirectory);
  if (before.length === 0) return false;
  // What is being written now is whole a moment later.
  await sleep(writeGraceMs);
  const after = new Set(await tornEnds(profileDirectory));
  return before.some((end) => after.has(end));
}

/**
 * Each as the path of a log and where its last whole record ends, or that Chromium has gone on behind one that isn't.
 */
async function tornEnds(profileDirectory: string): Promise<string[]> {
  const databases = await databasesOf(join(profileDirectory, 'Default'));
  const ends = await Promise.all(
    databases.map(async (database) => {
      const newest = logsIn(await readdir(database).catch(() => [])).at(-1);
      if (newest === undefined) return [];
      const path = join(database, newest);
      try {
        const log = await readFile(path);
        if (salvageLog(log).isWrittenOn) return [`${path} in its middle`];
        const { tornAt } = readLog(log);
        return tornAt === undefined ? [] : [`${path} ${tornAt}`];
      } catch {
        // It was being made a table of, or is damaged in a way that Chromium tells of itself.
        return [];
      }
    }),
  );
  return ends.flat();
}

function logsIn(files: readonly string[]): string[] {
  return files.filter((file) => /^\d+\.log$/.test(file)).sort((a, b) => Number.parseInt(a) - Number.parseInt(b));
}

/** Where pages keep what they store. Each bucket but the default one has a folder of its own below WebStorage. */
async function databasesOf(profile: string): Promise<string[]> {
  const buckets = await foldersIn(join(profile, 'WebStorage'));
  const indexed = await Promise.all(
    [join(profile, 'IndexedDB'), ...buckets.map((bucket) => join(bucket, 'IndexedDB'))].map(foldersIn),
  );
  return [
    ...indexed.flat().filter((folder) => folder.endsWith('.leveldb')),
    join(profile, 'Local Storage', 'leveldb'),
    join(profile, 'Service Worker', 'Database'),
  ];
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

async function mend(database: string, onMended: (what: string) => void): Promise<void> {
  const files = await readdir(database).catch(ifMissing([]));
  const current = await readFile(join(database, 'CURRENT'), 'utf8').catch(ifMissing(''));
  const manifest = files.find((file) => file === current.trimEnd());
  if (manifest !== undefined) await readAndCut(database, manifest, onMended);
  // Only the newest is written on; there is another one while the one before is being made a table of.
  const names = logsIn(files);
  const newest = names.at(-1);
  if (newest === undefined) return;
  const older = await Promise.all(
    names.slice(0, -1).map(async (name) => {
      const log = await readFile(join(database, name));
      const content = contentOf(log);
      const isToBeMended = content instanceof Error || salvageLog(log).isWrittenOn;
      return isToBeMended ? (await readAndCut(database, name, onMended)).entries : content.entries;
    }),
  );
  const { entries, bytes } = await readAndCut(database, newest, onMended);
  const unlocked = unlockTransactions([...older, entries]);
  if (unlocked === undefined) return;
  await change(database, newest, (file) => append(file, bytes, appendixTo(bytes, unlocked.entry)));
  onMended(`${unlocked.transactions} open transactions are rolled back`);
}

/** @returns what is in a log or a manifest, and how long it is now. */
async function readAndCut(
  database: string,
  name: string,
  onMended: (what: string) => void,
): Promise<{ readonly entries: readonly Buffer[]; readonly bytes: number }> {
  const log = await readFile(join(database, name));
  const content = contentOf(log);
  const { entries, isWrittenOn } = salvageLog(log);
  if (isWrittenOn) {
    const mended = logOf(entries);
    const path = join(database, name);
    await writeFile(`${path}.mended`, mended);
    await rename(`${path}.mended`, path);
    onMended(`half a record is taken out of the middle of ${name}`);
    return { entries, bytes: mended.length };
  }
  if (content instanceof Error) throw content;
  const { tornAt } = content;
  if (tornAt === undefined) return { entries: content.entries, bytes: log.length };
  await change(database, name, (file) => file.truncate(tornAt));
  onMended(`${log.length - tornAt} bytes of half a record are cut off ${name}`);
  return { entries: content.entries, bytes: tornAt };
}

function contentOf(log: Buffer): LogContent | UnreadableError {
  try {
    return readLog(log);
  } catch (error) {
    if (error instanceof UnreadableError) return error;
    throw error;
  }
}

/** All of it or nothing: a part would be what is mended here. */
async function append(file: FileHandle, length: number, appendix: Buffer): Promise<void> {
  const { bytesWritten } = await file.write(appendix, 0, appendix.length, length).catch(async (error: unknown) => {
    await file.truncate(length);
    throw error;
  });
  if (bytesWritten === appendix.length) return;
  await file.truncate(length);
  throw new Error(`only ${bytesWritten} of ${appendix.length} bytes could be written`);
}

async function change(database: string, name: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(join(database, name), 'r+');
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

function ifMissing<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}
