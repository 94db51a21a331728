import { setTimeout as delay } from 'node:timers/promises';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError } from './file-error.js';
import { type FileIdentity, identifyFile, identityOf, missingFile } from './file-identity.js';
import { setAside } from './set-aside.js';
import { boundTexts, maxTextBytes } from '../bounded-text.js';
import { WasupError } from '../errors.js';
import { layReserve, replaceByReserve } from './reserve.js';
import { unfinishedSuffix } from './unfinished.js';
import { writeFileAtomically } from './write-file-atomically.js';

const maxRounds = 100;
const longestStepAsideMs = 20;

/** What a kind of file holds, and what to make of a damaged one. */
export interface JsonFileKind<Value> {
  /** The value of a file that does not exist. */
  create(): Value;
  /** The value of a file of which nothing can be read; without it the one of `create`. */
  lost?(damage: string | undefined): Value;
  /** Keeps what can be kept; `damage` says in a few words what was wrong, and undefined that nothing was. */
  salvage(content: unknown): { readonly value: Value; readonly damage: string | undefined };
  /**
   * For what only grows: what is found, with what is remembered and missing in it. Gives `found` itself when nothing
   * is.
   */
  complete?(found: Value, remembered: Value): Value;
  /**
   * For a file that has to be true on a full disk, too: it has a reserve (reserve.ts), and what is written into that is
   * told here, with the error for which it had to be.
   */
  onReserveUsed?(error: WasupError): void;
}

/** Texts of a value that has to fit into a reserve are cut to the first of these bounds with which it does. */
const reserveTextBytes = [maxTextBytes, 800, 200, 60];

/**
 * Reads, and mends a damaged file where the disk takes it: `isMended` says whether what was kept of it is in the file
 * now.
 *
 * @throws WasupError when the file can't be read for a reason that is not its own (too many open files, a failing
 * disk).
 */
export function readJsonFile<Value>(
  path: string,
  kind: JsonFileKind<Value>,
  now: Date,
): Promise<{ value: Value; repaired: string | undefined; isMended: boolean }> {
  return inTurn(path, async () => {
    const { value, repaired, isMended } = await load(path, kind, now);
    return { value, repaired, isMended };
  });
}

/**
 * Reads without repairing anything: for those who only look, beside a wasup that runs.
 *
 * @throws WasupError when the file can't be read for a reason that is not its own.
 */
export async function peekJsonFile<Value>(
  path: string,
  kind: JsonFileKind<Value>,
): Promise<{ value: Value; exists: boolean; damage: string | undefined }> {
  const { text, unreadable } = await readText(path);
  if (text !== undefined) return { exists: true, ...parse(text, kind) };
  return unreadable === undefined
    ? { exists: false, value: kind.create(), damage: undefined }
    : { exists: true, ...lost(kind, unreadable) };
}

/**
 * Reads, changes and writes back. Changes of one process to one file happen in the order of their calls; a change that
 * another process makes at the same time is seen and built upon.
 *
 * @throws WasupError when the file can't be written.
 */
export function updateJsonFile<Value>(
  path: string,
  kind: JsonFileKind<Value>,
  now: Date,
  change: (value: Value) => Value,
): Promise<Value> {
  return inTurn(path, async () => {
    await removeUnfinished(path);
    // Supervisor and worker write a few times a second at most. Two that keep getting in each other's way step aside
    // for
    // moments of different length; only after a second of that does the last one win.
    for (let round = 1; ; round += 1) {
      const { value, identity } = await load(path, kind, now);
      const changed = change(value);
      const expected = round < maxRounds ? identity : undefined;
      if (await replace(path, kind, changed, expected)) return changed;
      await delay(Math.random() * longestStepAsideMs);
    }
  });
}

interface Loaded<Value> {
  readonly value: Value;
  readonly repaired: string | undefined;
  readonly isMended: boolean;
  readonly identity: FileIdentity;
}

async function load<Value>(path: string, kind: JsonFileKind<Value>, now: Date): Promise<Loaded<Value>> {
  const found = await readText(path);
  if (found.text === undefined && found.unreadable === undefined) {
    return { value: kind.create(), repaired: undefined, isMended: false, identity: missingFile };
  }
  const { value, damage } = found.text === undefined ? lost(kind, found.unreadable) : parse(found.text, kind);
  if (damage === undefined) return { value, repaired: undefined, isMended: false, identity: found.identity };
  // Another process may have repaired it since; its fresh file must not be set aside.
  if (identifyFile(path) !== found.identity) return load(path, kind, now);
  // Where it can't be moved it is kept for this reader; the next write that works replaces it.
  if (!(await setAside(path, now))) return { value, repaired: damage, isMended: false, identity: found.identity };
  // What was kept must be there for the next reader, too. On a disk that can't be written to it is kept for this one.
  const kept = await replace(path, kind, value, missingFile).catch(() => undefined);
  if (kept === false) return { ...(await load(path, kind, now)), repaired: damage };
  return { value, repaired: damage, isMended: kept === true, identity: identifyFile(path) };
}

/** @throws WasupError when the file can't be written. */
async function replace<Value>(
  path: string,
  kind: JsonFileKind<Value>,
  value: Value,
  expected: FileIdentity | undefined,
): Promise<boolean> {
  try {
    const isReplaced = await writeFileAtomically(path, format(value), expected);
    if (isReplaced && kind.onReserveUsed !== undefined) await layReserve(path);
    return isReplaced;
  } catch (error) {
    if (kind.onReserveUsed === undefined || !(error instanceof WasupError) || !isFull(error)) throw error;
    const texts = reserveTextBytes.map((maxBytes) => format(boundTexts(value, maxBytes)));
    const found = (await readText(path)).text?.trimEnd();
    const isThere = texts.some((text) => text.trimEnd() === found);
    const isReplaced = isThere || (await replaceByReserve(path, texts, expected));
    if (isReplaced === undefined) throw error;
    if (isReplaced) kind.onReserveUsed(error);
    return isReplaced;
  }
}

function isFull({ cause }: WasupError): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((cause as Partial<NodeJS.ErrnoException> | undefined)?.code ?? '');
}

function format(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function readText(path: string): Promise<{ text?: string; unreadable?: string; identity: FileIdentity }> {
  let identity = missingFile;
  try {
    const file = await open(path, 'r');
    try {
      identity = identityOf(await file.stat({ bigint: true }));
      return { text: await file.readFile('utf8'), identity };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { identity: missingFile };
    if (code === 'EISDIR') return { unreadable: 'a folder is in its place', identity };
    throw fileError('read', path, error);
  }
}

function parse<Value>(text: string, kind: JsonFileKind<Value>): { value: Value; damage: string | undefined } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message may quote the content, which doesn't belong into logs.
    return lost(kind, text === '' ? 'empty' : 'not JSON, probably cut off');
  }
  return kind.salvage(content);
}

function lost<Value>(
  kind: JsonFileKind<Value>,
  damage: string | undefined,
): { value: Value; damage: string | undefined } {
  return { value: kind.lost?.(damage) ?? kind.create(), damage };
}

/** Removes what processes left that were killed while they wrote. A living one is done within seconds. */
async function removeUnfinished(path: string): Promise<void> {
  if (swept.has(resolve(path))) return;
  swept.add(resolve(path));
  const names = await readdir(dirname(path)).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(unfinishedSuffix)) continue;
    const leftover = join(dirname(path), name);
    const age = Date.now() - (await stat(leftover).then(({ mtimeMs }) => mtimeMs, Date.now));
    if (age > 60_000) await rm(leftover, { force: true }).catch(() => undefined);
  }
}

/** Files that this process has looked around already. */
const swept = new Set<string>();

/** The last task of each file that has one; a task starts when the one before has settled. */
const lastTasks = new Map<string, Promise<unknown>>();

function inTurn<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  const key = resolve(path);
  const result = (lastTasks.get(key) ?? Promise.resolve()).then(task);
  const settled = result.then(
    () => undefined,
    () => undefined,
  );
  lastTasks.set(key, settled);
  void settled.then(() => {
    if (lastTasks.get(key) === settled) lastTasks.delete(key);
  });
  return result;
}
