import type { Readable } from 'node:stream';

import { z } from 'zod';

import { type HangReport, hangReportSchema, leastStallMs } from '../shared/protocol/hang-report.js';

export interface HangReportReader {
  readonly onReport: (report: HangReport) => void;
  /** Called for the first thing that makes no sense, and for no other: a bot that writes there may write a lot. */
  readonly onMalformed: (problem: string) => void;
  /** A clock that only goes forward, in ms. */
  readonly now?: () => number;
}

/** In characters: more than a report of full size has. What is longer is thrown away as it comes. */
const longestLine = 65_536;

/** Reads what the guard thread of a worker writes: a report a line. Keeps one line at most, whatever comes. */
export function readHangReports(
  stream: Readable,
  { onReport, onMalformed, now = () => performance.now() }: HangReportReader,
): void {
  let unread = '';
  let isTooLong = false;
  let hasComplained = false;
  let reportedAt = -Infinity;

  // Its errors are told by its end; the process's own exit decides.
  stream.on('error', () => undefined);
  stream.setEncoding('utf8').on('data', (text: string) => {
    const pieces = text.split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      append(piece);
      endLine();
    }
    append(rest);
  });

  function append(piece: string): void {
    isTooLong ||= unread.length + piece.length > longestLine;
    unread = isTooLong ? '' : unread + piece;
  }

  function endLine(): void {
    const line = unread;
    const problem = isTooLong ? `more than ${longestLine} characters` : undefined;
    unread = '';
    isTooLong = false;
    if (problem !== undefined) {
      complain(problem);
      return;
    }
    // A true report takes this long to come about.
    if (now() - reportedAt < leastStallMs) return;
    const parsed = parse(line);
    if (!parsed.success) {
      complain(z.prettifyError(parsed.error));
      return;
    }
    reportedAt = now();
    onReport(parsed.data);
  }

  function complain(problem: string): void {
    if (hasComplained) return;
    hasComplained = true;
    onMalformed(`a report about its main thread: ${problem}`);
  }
}

function parse(line: string): z.ZodSafeParseResult<HangReport> {
  try {
    return hangReportSchema.safeParse(JSON.parse(line));
  } catch {
    // Says that it is no object.
    return hangReportSchema.safeParse(line);
  }
}
