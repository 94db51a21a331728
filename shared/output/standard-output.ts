import { writeSync } from 'node:fs';

import { BoundedWriter } from './bounded-writer.js';
import { openWithoutBlocking } from './open-without-blocking.js';

const neverWoken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const writers = new Map<number, BoundedWriter>();

/** The one writer of this process to a descriptor; it is opened with the first text. */
export function writerTo(descriptor: number): BoundedWriter {
  let writer = writers.get(descriptor);
  if (writer === undefined) {
    let opened: number | undefined;
    writer = new BoundedWriter({
      write: (bytes) => writeSync((opened ??= openWithoutBlocking(descriptor)), bytes),
      pause: (ms) => void Atomics.wait(neverWoken, 0, 0, ms),
      retryIn: (delayMs, retry) => void setTimeout(retry, delayMs).unref(),
    });
    writers.set(descriptor, writer);
  }
  return writer;
}

/** Where this process' own words go. */
export const standardOutput = writerTo(1);
export const standardError = writerTo(2);

/** How long a reader may take to read the last words. */
const lastWordsMs = 1_000;

/** Resolves when all is written that a reader takes within a second. */
export async function flushStandardOutput(): Promise<void> {
  await Promise.all([standardOutput.flush(lastWordsMs), standardError.flush(lastWordsMs)]);
}
