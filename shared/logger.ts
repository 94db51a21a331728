import { createRequire } from 'node:module';

import { type Logger as PinoLogger, pino } from 'pino';
import type { PinoPretty } from 'pino-pretty';

export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'pretty' | 'json';
}

/** A log and a way to draw boxes for people. */
export interface Output {
  readonly log: Logger;
  readonly format: LogOptions['format'];
  /**
   * Says something that a person should not overlook. `pretty` draws it as a box; `json` writes one record whose
   * `msg` is the title and whose `details` are the lines.
   */
  banner(title: string, lines?: readonly string[]): void;
  /** Text as it is, for people alone (a QR code, a command to copy). Nothing in `json`. */
  print(text: string): void;
}

/** What waits for a disk that is full until it has room again; more than this is dropped. */
const maxUnwrittenBytes = 1024 * 1024;

/**
 * Both formats write synchronously: what a process said before `kill -9` is what an operator reads afterwards, and
 * a transport in another thread loses exactly those lines.
 */
export function createOutput(options: LogOptions, bindings: Record<string, unknown> = {}): Output {
  const destination = pino.destination({ fd: 1, sync: true, maxLength: maxUnwrittenBytes });
  // A log that can't be written (a full disk, a reader that has gone) is no reason to take bots down.
  destination.on('error', () => undefined);
  const base = { level: options.level, base: bindings };
  if (options.format === 'json') {
    const log = pino(base, destination);
    return {
      log,
      format: 'json',
      banner: (title, lines = []) => log.info({ details: lines }, title),
      print: () => undefined,
    };
  }
  const colorize = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const stream = loadPretty()({
    destination,
    sync: true,
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    // Errors are told in a sentence; their stacks belong to the debug level.
    ignore: `pid,hostname,role,account,class${options.level === 'debug' || options.level === 'trace' ? '' : ',err'}`,
    messageFormat: (record, messageKey) => {
      const who = [record['role'], record['account']].filter((part) => typeof part === 'string').join(' ');
      return `${who === '' ? '' : `${who}: `}${String(record[messageKey])}`;
    },
  });
  const log = pino(base, stream);
  const silent = options.level === 'silent';
  const print = (text: string): void => {
    if (!silent) destination.write(`${text}\n`);
  };
  return { log, format: 'pretty', print, banner: (title, lines = []) => print(box(title, lines)) };
}

/** Its 40 modules are loaded where lines are written for people only. */
function loadPretty(): typeof PinoPretty {
  return createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
}

function box(title: string, lines: readonly string[]): string {
  const width = Math.max(60, title.length, ...lines.map((line) => line.length)) + 2;
  const rule = '='.repeat(width);
  return [
    '',
    rule,
    ` ${title}`,
    rule,
    ...lines.map((line) => ` ${line}`),
    ...(lines.length > 0 ? [rule] : []),
    '',
  ].join('\n');
}
