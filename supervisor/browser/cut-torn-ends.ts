import { open, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { tornEndOf } from './torn-end.js';

/**
 * Makes the databases of a profile fit to be opened after its browser was killed: cuts off what it had half written, at the end of a log or
 * of a manifest. Chromium would write on behind it, and throw the whole database away at one of the next starts, the login in it.
 * Nothing that was written whole is touched.
 *
 * Nobody may be on the profile.
 *
 * @param onNews told in a sentence what was cut, or what can't be looked at. Not an error: Chromium says itself what it can't open.
 */
export async function cutTornEnds(profileDirectory: string, onNews: (sentence: string) => void): Promise<void> {
  const databases = await databasesOf(join(profileDirectory, 'Default'));
  await Promise.all(
    databases.map(async (database) => {
      const name = relative(profileDirectory, database);
      try {
        for (const file of await written(database)) {
          const cut = await cutTornEnd(join(database, file));
          if (cut > 0)
            onNews(`Chromium was killed while it wrote: ${cut} bytes of an unfinished record cut off ${name}/${file}.`);
        }
      } catch (error) {
        onNews(
          `The database ${name} of the browser can't be looked at (${String(error)}); Chromium opens it as it is.`,
        );
      }
    }),
  );
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

/** The files of a database that are written on: the newest log, and the manifest in use. */
async function written(database: string): Promise<string[]> {
  const files = await readdir(database).catch(ifMissing([]));
  const numberOf = (log: string): number => Number.parseInt(log, 10);
  const log = files.filter((file) => /^\d+\.log$/.test(file)).sort((a, b) => numberOf(b) - numberOf(a))[0];
  const current = await readFile(join(database, 'CURRENT'), 'utf8').catch(ifMissing(''));
  const manifest = files.find((file) => file === current.trimEnd());
  return [log, manifest].filter((file) => file !== undefined);
}

function ifMissing<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

/** @returns how many bytes it has lost. */
async function cutTornEnd(path: string): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const bytes = await file.readFile();
    const whole = tornEndOf(bytes);
    if (whole === undefined) return 0;
    await file.truncate(whole);
    return bytes.length - whole;
  } finally {
    await file.close();
  }
}
