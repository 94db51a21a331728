import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a worker is at with its inbox; in capitals what it was at when a signal of its own ended it. */
const marks = { nothing: '-', reading: 'r', rescuing: 's', diedReading: 'R', diedRescuing: 'S' } as const;

const markOf = (path: string): string => `${path}.reading`;

/**
 * Says in a file of one byte whether SQLite reads an inbox right now: what kills the process in that moment (SIGSEGV, SIGBUS, SIGABRT) has
 * most likely come from the inbox, and would come again with each worker. It costs two small writes a read; without a disk for them it is
 * silent.
 */
export class ReadMarker {
  #descriptor: number | undefined;
  readonly #bytes = {
    nothing: Buffer.from(marks.nothing),
    reading: Buffer.from(marks.reading),
    rescuing: Buffer.from(marks.rescuing),
  };

  constructor(path: string) {
    try {
      this.#descriptor = openSync(markOf(path), 'w', 0o600);
    } catch {
      this.#descriptor = undefined;
    }
  }

  during<Result>(what: 'reading' | 'rescuing', work: () => Result): Result {
    this.#write(this.#bytes[what]);
    try {
      return work();
    } finally {
      this.#write(this.#bytes.nothing);
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    // The number may be another file's by now.
    this.#descriptor = undefined;
  }

  #write(mark: Buffer): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, mark, 0, 1, 0);
    } catch {
      // A full disk, say. The byte that is there already can mostly be written.
    }
  }
}

/** Signals that a process sends itself by a fault of native code; SIGKILL comes from outside and says nothing of the inbox. */
const faultSignals: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/** For the supervisor: keeps for the next worker that the one before died by a fault signal while it read the inbox. */
export function noteDeathWhileReading(path: string, signal: string | null): void {
  if (signal === null || !faultSignals.has(signal)) return;
  const mark = readMark(path);
  const died = mark === marks.reading ? marks.diedReading : mark === marks.rescuing ? marks.diedRescuing : undefined;
  if (died === undefined) return;
  try {
    const descriptor = openSync(markOf(path), 'r+');
    writeSync(descriptor, died, 0);
    closeSync(descriptor);
  } catch {
    // Then the next worker tries once more.
  }
}

/** @returns what an earlier worker was at with the inbox when a fault signal ended it; undefined where none was. */
export function deathWhileReading(path: string): 'reading' | 'rescuing' | undefined {
  const mark = readMark(path);
  return mark === marks.diedReading ? 'reading' : mark === marks.diedRescuing ? 'rescuing' : undefined;
}

function readMark(path: string): string | undefined {
  try {
    return readFileSync(markOf(path), 'utf8').slice(0, 1);
  } catch {
    return undefined;
  }
}
