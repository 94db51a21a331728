import type { Writable } from 'node:stream';

import { maxWaitingBytes } from '../shared/output/bounded-writer.js';

type Write = (chunk: unknown, ...rest: unknown[]) => boolean;

/**
 * Keeps what the bot prints from taking the worker down: a reader that has gone (the supervisor, which the worker follows in order) is no
 * error that nobody catches, and what waits for a reader that stands still is bounded; writes beyond that are dropped.
 *
 * @param onDropped called once the reader reads again, with how many writes were dropped.
 */
export function boundStandardStreams(
  streams: readonly Writable[],
  onDropped: (writes: number) => void,
  maxBytes = maxWaitingBytes,
): void {
  for (const stream of streams) {
    stream.on('error', () => undefined);
    const write = stream.write.bind(stream) as Write;
    let dropped = 0;
    const bounded: Write = (chunk, ...rest) => {
      if (stream.writableLength <= maxBytes) return write(chunk, ...rest);
      if (dropped === 0) {
        stream.once('drain', () => {
          const count = dropped;
          dropped = 0;
          onDropped(count);
        });
      }
      dropped += 1;
      const done = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
      if (done !== undefined) process.nextTick(done);
      return false;
    };
    stream.write = bounded as typeof stream.write;
  }
}
