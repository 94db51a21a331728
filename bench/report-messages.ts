import { type CatchUpRound, history, missedChats, type Start } from './catch-up.js';
import type { MessageIntakeRates } from './message-intake.js';
import type { MessageLatency } from './message-latency.js';
import { type Circumstances, describeCircumstances } from './report.js';
import { median, quantile } from './statistics.js';

export interface MeasuredMessages {
  readonly intake: MessageIntakeRates;
  readonly latency: MessageLatency;
  readonly catchUp: readonly CatchUpRound[];
  /** In each round. */
  readonly missed: number;
}

export function reportMessages(measured: MeasuredMessages, circumstances: Circumstances): string {
  return [
    '## Messages',
    '',
    ...describeCircumstances(circumstances),
    '',
    ...reportIntake(measured.intake),
    '',
    ...reportLatency(measured.latency),
    '',
    ...reportCatchUp(measured.catchUp, measured.missed),
    '',
  ].join('\n');
}

function reportIntake({ messages, rawBytes, chats, addedMs, takenMs, handledInMs }: MessageIntakeRates): string[] {
  return [
    '### Into the inbox',
    '',
    `${messages} messages of ${rawBytes} bytes in ${chats} chats, in one process without a page, into an inbox on a disk. Milliseconds for each.`,
    '',
    '| what | messages per second | p50 | p99 | max |',
    '| --- | --: | --: | --: | --: |',
    intakeLine('`Inbox.add`', addedMs),
    intakeLine("the page's call → the library's message → inbox", takenMs),
    line(['… → handled by a bot that does nothing → done', perSecond(messages, handledInMs), '', '', '']),
  ];
}

function intakeLine(what: string, eachMs: readonly number[]): string {
  const totalMs = eachMs.reduce((sum, ms) => sum + ms, 0);
  return line([what, perSecond(eachMs.length, totalMs), ...spread(eachMs, 3)]);
}

function reportLatency({ plain, wasup }: MessageLatency): string[] {
  const sides = [plain.latenciesMs, wasup.latenciesMs] as const;
  const added = [0.5, 0.99].map((share) => (quantile(sides[1], share) - quantile(sides[0], share)).toFixed(2));
  const offsets = [plain, wasup].map(({ clockOffsetMs }) => clockOffsetMs.toFixed(2));
  return [
    '### From the page to the handler',
    '',
    'From the moment in which the page tells of a message (`onAddMessageEvent`) to the beginning of its handler: the listener of `message`',
    'with the plain library, `onMessage` with wasup. Both listen at the same time, each in a browser of its own, and get one message in',
    'turn. Milliseconds, on the emulated page.',
    '',
    '| what | messages | p50 | p99 | max |',
    '| --- | --: | --: | --: | --: |',
    line(['plain library', sides[0].length, ...spread(sides[0], 2)]),
    line(['wasup', sides[1].length, ...spread(sides[1], 2)]),
    line(['added by wasup', '', ...added, '']),
    '',
    `The page's clock was ahead of the handler's by ${offsets.join(' and ')} ms, which is taken into account.`,
  ];
}

function reportCatchUp(rounds: readonly CatchUpRound[], missed: number): string[] {
  const none = rounds.map((round) => round.none);
  const some = rounds.map((round) => round.missed);
  const untilLast = some.map(({ untilLastMs }) => untilLastMs);
  const wholly = some.map(({ listeningMs, untilLastMs }) => listeningMs + untilLastMs);
  const longer = rounds.map((round) => round.missed.listeningMs - round.none.listeningMs);
  const wrong = some.reduce((sum, { wronglyHandled }) => sum + wronglyHandled, 0);
  return [
    '### What was missed',
    '',
    `${missed} messages come in ${missedChats} chats while nothing runs, for an account with ${history.chats} chats and ${history.messages} stored messages. A cold start with`,
    `none missed comes first; ${rounds.length} rounds, each with a new account. The bot does nothing. Milliseconds, on the emulated page.`,
    '',
    '| from → to | none missed p50 | max | missed p50 | max |',
    '| --- | --: | --: | --: | --: |',
    startLine('worker assigned to the browser → listening', none, some, ({ listeningMs }) => listeningMs),
    startLine('of that, reading what was missed', none, some, ({ readingMs }) => readingMs),
    line(['listening → the last one is with its handler', '', '', ...both(untilLast)]),
    line(['worker assigned → the last one is with its handler', '', '', ...both(wholly)]),
    '',
    `The start takes ${Math.round(median(longer))} ms longer (p50), with what the page itself needs for the messages. Not handled exactly once: ${wrong}.`,
  ];
}

function startLine(
  what: string,
  none: readonly Start[],
  some: readonly Start[],
  pick: (start: Start) => number,
): string {
  return line([what, ...both(none.map(pick)), ...both(some.map(pick))]);
}

function both(values: readonly number[]): number[] {
  return [median(values), Math.max(...values)].map(Math.round);
}

function spread(values: readonly number[], digits: number): string[] {
  return [median(values), quantile(values, 0.99), Math.max(...values)].map((value) => value.toFixed(digits));
}

function perSecond(count: number, inMs: number): number {
  return Math.round((count / inMs) * 1_000);
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
