import type { InboxCounts, InboxMessage } from '../inbox/inbox-message.js';
import { formatTime } from './format-time.js';
import { layoutRows, printable, type Row, wrap } from './layout.js';

/** As much of an error as tells dead letters apart; all of it is shown with the message. */
const errorLength = 300;

/** What an inbox holds, and its dead letters, the newest first. Without what people have written. Pure. */
export function describeMessages(
  number: string,
  counts: InboxCounts & { readonly done: number },
  dead: readonly InboxMessage[],
  now: Date,
  width: number,
): string[] {
  const { waiting, running, done } = counts;
  const lines = layoutRows(
    [
      ['Waiting', `${waiting} for the bot, ${running} with it.`],
      ['Done', `${done} that are remembered, so that they aren't handled twice.`],
      ['Dead letters', counts.dead === 0 ? 'None.' : `${counts.dead}, on which the bot has failed as often as it may:`],
    ],
    width,
  );
  for (const message of dead) {
    const { id, chat, t, error } = message;
    lines.push('', printable(id));
    lines.push(...wrap(`${time(t * 1_000, now)} in ${chat}; ${tries(message)}`, width - 4).map(indent));
    if (error !== null) lines.push(...wrap(shorten(error), width - 4).map(indent));
  }
  if (dead.length < counts.dead) lines.push('', `And ${counts.dead - dead.length} older ones (--limit).`);
  if (dead.length > 0) {
    lines.push('', `wasup messages ${number} show <id>      what was written`);
    lines.push(`wasup messages ${number} replay [id …]  give them to the bot again; without ids all`);
    lines.push(`wasup messages ${number} drop [id …]    give them up; without ids all, after asking`);
  }
  return lines;
}

/** A message with what was written. Pure. */
export function describeMessage(message: InboxMessage, now: Date, width: number): string[] {
  const { id, chat, t, backfilled, error } = message;
  const { type, author, from, body, caption } = contentOf(message);
  // The body of everything but a text is a small picture.
  const text = caption ?? (type === 'chat' ? body : undefined);
  const rows: readonly (Row | undefined)[] = [
    ['Message', id],
    ['Chat', chat],
    named('From', author ?? from),
    ['Sent', `${time(t * 1_000, now)}${backfilled ? ', while nobody listened' : ''}.`],
    ['State', describeState(message, now)],
    ['Handled', `${tries(message)}.`],
    named('Error', error ?? undefined),
    named('Type', type),
    message.raw === null ? ['Text', 'Not kept, as the message is done with.'] : named('Text', text),
  ];
  return layoutRows(
    rows.filter((row) => row !== undefined),
    width,
  );
}

/** What programs are told of a message: all but what was written. Pure. */
export function messageFacts({ id, chat, state, t, receivedAt, settledAt, nextAt, ...rest }: InboxMessage) {
  const { backfilled, attempts, deaths, error } = rest;
  return {
    id,
    chat,
    state,
    sentAt: iso(t * 1_000),
    receivedAt: iso(receivedAt),
    settledAt: settledAt === null ? null : iso(settledAt),
    nextAttemptAt: nextAt === null ? null : iso(nextAt),
    backfilled,
    attempts,
    deaths,
    error,
  };
}

/** The library's raw model of a message; undefined where there is none (any more). */
export function rawModel({ raw }: InboxMessage): unknown {
  try {
    return raw === null ? undefined : (JSON.parse(raw) as unknown);
  } catch {
    return undefined;
  }
}

type Content = Partial<Record<'type' | 'author' | 'from' | 'body' | 'caption', string>>;

function contentOf(message: InboxMessage): Content {
  const model = rawModel(message);
  if (typeof model !== 'object' || model === null) return {};
  return Object.fromEntries(
    Object.entries(model)
      .map(([name, value]) => [name, textOf(value)])
      .filter(([, text]) => text !== undefined && text !== ''),
  ) as Content;
}

/** Ids of chats and people are texts, or objects with their text in `_serialized`. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'object' && value !== null && '_serialized' in value ? value._serialized : value;
  return typeof text === 'string' ? text : undefined;
}

function describeState({ state, settledAt, nextAt }: InboxMessage, now: Date): string {
  const since = settledAt === null ? '' : ` since ${time(settledAt, now)}`;
  switch (state) {
    case 'waiting':
      return `Waiting for the bot${nextAt === null ? '' : `, the next attempt ${time(nextAt, now)}`}.`;
    case 'running':
      return 'With the bot.';
    case 'done':
      return `Done${since}.`;
    case 'dead':
      return `Dead letter${since}.`;
  }
}

function tries({ attempts, deaths }: InboxMessage): string {
  return `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${deaths === 0 ? '' : `, ${deaths} of them the end of a worker`}`;
}

const named = (label: string, text: string | undefined): Row | undefined =>
  text === undefined ? undefined : [label, text];
const iso = (ms: number): string => new Date(ms).toISOString();
const time = (ms: number, now: Date): string => formatTime(iso(ms), now);
const indent = (line: string): string => `    ${line}`;
const shorten = (text: string): string => (text.length > errorLength ? `${text.slice(0, errorLength)}…` : text);
