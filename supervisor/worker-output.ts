import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import { type BoundedWriter, foreignShare } from '../shared/output/bounded-writer.js';
import { escapeInJson, escapeLine } from '../shared/output/escape-controls.js';
import { standardError, standardOutput } from '../shared/output/standard-output.js';
import { redact } from '../shared/secrets.js';
import { within } from '../shared/within.js';
import { LineSplitter } from './line-splitter.js';

export interface WorkerStreams {
  /** What the bot and its programs print. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The worker's own log, in its final form. */
  readonly log: Readable;
}

export interface WorkerOutputOptions {
  readonly format: string;
  /** Digits; undefined while the worker knows of none. */
  readonly account: () => string | undefined;
  /** Default: those of this process. */
  readonly stdout?: Pick<BoundedWriter, 'write'>;
  readonly stderr?: Pick<BoundedWriter, 'write'>;
  readonly now?: () => number;
}

/** A line of a program's that is longer comes in pieces. */
const longestLine = 64 * 1024;
/** Of wasup's own: whole lines of JSON, which can hold a long error. */
const longestLogLine = 512 * 1024;
/** Text without the end of its line is shown as a line of its own after this. */
const partialLineMs = 500;
/** Programs of the bot that have left its process group may hold its output open; nobody waits for them. */
const lastWordsMs = 100;

/**
 * Reads what a worker writes, as fast as it comes, and hands it on line by line without ever waiting: what the reader of the supervisor's
 * output doesn't take is dropped there, and counted. Text of the bot is escaped for terminals; in a log of JSON each line becomes a record with
 * `role: "bot"`.
 *
 * @returns a promise that resolves when all is read that the worker has said, once it has ended.
 */
export function relayWorkerOutput(
  streams: WorkerStreams,
  options: WorkerOutputOptions,
): { readonly ended: () => Promise<boolean> } {
  const { stdout = standardOutput, stderr = standardError } = options;
  const bot = (name: 'stdout' | 'stderr'): ((lines: readonly string[]) => string[]) =>
    options.format === 'json'
      ? (lines) => lines.map((line) => record(line, name, options))
      : (lines) => lines.map(escapeLine);
  const ends = [
    relay(streams.stdout, longestLine, (lines) => say(stdout, bot('stdout')(lines), foreignShare)),
    relay(streams.stderr, longestLine, (lines) => say(stderr, bot('stderr')(lines), foreignShare)),
    relay(streams.log, longestLogLine, (lines) => say(stdout, lines, 1)),
  ];
  const ended = Promise.all(ends);
  return { ended: () => within(ended, lastWordsMs) };
}

function relay(stream: Readable, longest: number, onLines: (lines: readonly string[]) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  const splitter = new LineSplitter(longest);
  let timer: NodeJS.Timeout | undefined;
  const showRest = (): void => onLines(splitter.rest());
  stream.on('data', (bytes: Buffer) => {
    onLines(splitter.push(decoder.write(bytes)));
    clearTimeout(timer);
    // What has arrived by then is read first, also when this process itself stood still.
    timer = splitter.hasRest
      ? setTimeout(() => (timer = setTimeout(showRest, 1).unref()), partialLineMs).unref()
      : undefined;
  });
  // A program that has left the bot's group may hold it open for as long as it likes.
  (stream as Partial<Socket>).unref?.();
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.once('close', () => {
      clearTimeout(timer);
      showRest();
      resolve();
    });
  });
}

function say(writer: Pick<BoundedWriter, 'write'>, lines: readonly string[], share: number): void {
  if (lines.length > 0) writer.write(redact(`${lines.join('\n')}\n`), share);
}

function record(line: string, stream: 'stdout' | 'stderr', { account, now = Date.now }: WorkerOutputOptions): string {
  const number = account();
  return escapeInJson(
    JSON.stringify({
      level: stream === 'stdout' ? 30 : 40,
      time: now(),
      role: 'bot',
      ...(number !== undefined && { account: `+${number}` }),
      stream,
      msg: line,
    }),
  );
}
