import { createRequire } from 'node:module';

import { type Logger as PinoLogger, pino } from 'pino';
import type { prettyFactory } from 'pino-pretty';

import { type BoundedWriter, dropped } from './output/bounded-writer.js';
import { escapeAllButColours, escapeControls, escapeInJson } from './output/escape-controls.js';
import { standardOutput } from './output/standard-output.js';
import { redact } from './secrets.js';

export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'pretty' | 'json';
}

/** A log and a way to draw boxes for people. */
export interface Output {
  readonly log: Logger;
  readonly format: LogOptions['format'];
  /** Whether people see colours. */
  readonly isColoured: boolean;
  /**
   * Says something that a person should not overlook. `pretty` draws it as a box; `json` writes one record whose
   * `msg` is the title and whose `details` are the lines.
   */
  banner(title: string, lines?: readonly string[]): void;
  /** Text as it is, for people alone (a QR code, a command to copy). Nothing in `json`. */
  print(text: string): void;
}

/**
 * Both formats write in the same step in which something is said: what a process said before `kill -9` is what an operator reads afterwards, and
 * a transport in another thread loses exactly those lines. Whatever becomes of the reader, nothing waits for it: see {@link BoundedWriter}.
 *
 * @param writer where it goes. Default: stdout.
 */
export function createOutput(
  options: LogOptions,
  bindings: Record<string, unknown> = {},
  writer: BoundedWriter = standardOutput,
): Output {
  const base = { level: options.level, base: bindings };
  if (options.format === 'json') {
    const draw = (line: string): string => redact(escapeInJson(line));
    const log = pino(base, { write: (line) => writer.write(draw(line)) });
    writer.describeDropped = (lines) =>
      `${JSON.stringify({ level: 40, time: Date.now(), ...bindings, msg: dropped(lines) })}\n`;
    return {
      log,
      format: 'json',
      isColoured: false,
      banner: (title, lines = []) => log.info({ details: lines }, title),
      print: () => undefined,
    };
  }
  const isColoured = wantsColours(process.env, process.stdout.isTTY);
  const draw = loadPretty()({
    colorize: isColoured,
    translateTime: 'SYS:HH:MM:ss.l',
    // Errors are told in a sentence; their stacks belong to the debug level.
    ignore: `pid,hostname,role,account,class${options.level === 'debug' || options.level === 'trace' ? '' : ',err'}`,
    messageFormat: (record, messageKey) => {
      const who = [record['role'], record['account']].filter((part) => typeof part === 'string').join(' ');
      // Indented, no line of a message can be taken for a record of its own.
      const message = escapeControls(String(record[messageKey])).replaceAll('\n', '\n    ');
      return `${who === '' ? '' : `${who}: `}${message}`;
    },
  });
  const write = (text: string): void => writer.write(redact(escapeAllButColours(text)));
  const log = pino(base, { write: (line) => write(draw(line)) });
  const silent = options.level === 'silent';
  const print = (text: string): void => {
    if (!silent) write(`${text}\n`);
  };
  return { log, format: 'pretty', isColoured, print, banner: (title, lines = []) => print(box(title, lines)) };
}

/** Whether what is written for people has colours: on a terminal, and where a program that reads it says that it leads to one. Pure. */
export function wantsColours({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (NO_COLOR !== undefined) return false;
  return FORCE_COLOR === undefined ? isTerminal : FORCE_COLOR !== '0';
}

/** Its 40 modules are loaded where lines are written for people only. */
function loadPretty(): typeof prettyFactory {
  return (createRequire(import.meta.url)('pino-pretty') as { prettyFactory: typeof prettyFactory }).prettyFactory;
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
