/** How often each file of data has changed with little time in between, and when lastly. */
export type DataChanges = ReadonlyMap<string, { readonly inARow: number; readonly atMs: number }>;

export interface Judgement {
  /** The files of the burst that new code may be behind; with none of them there is nothing to do. */
  readonly sources: readonly string[];
  /** Files that are no sources from now on. */
  readonly leftOut: readonly string[];
  readonly changes: DataChanges;
}

/** As long as a worker may take to load by default, which may be when it writes. */
const soonMs = 30_000;
/** A person who tries out settings saves them a few times. */
const mostInARow = 3;

/**
 * Tells settings, which people save, from what a bot writes beside itself: with each worker that loads, say, which would make the next
 * one load, and so on. Both are data. Such a file counts again when code has been saved. Pure.
 */
export function judgeBurst(changes: DataChanges, files: readonly string[], nowMs: number): Judgement {
  if (files.some((file) => !isData(file))) return { sources: files, leftOut: [], changes: new Map() };
  const next = new Map(changes);
  const isOut = (file: string): boolean => (next.get(file)?.inARow ?? 0) > mostInARow;
  const outBefore = files.filter(isOut);
  for (const file of files) {
    const last = changes.get(file);
    if (isOut(file)) continue;
    const isSoon = last !== undefined && nowMs - last.atMs < soonMs;
    next.set(file, { inARow: isSoon ? last.inARow + 1 : 1, atMs: nowMs });
  }
  const leftOut = files.filter((file) => isOut(file) && !outBefore.includes(file));
  return { sources: files.filter((file) => !isOut(file)), leftOut, changes: next };
}

function isData(file: string): boolean {
  return file.endsWith('.json');
}
