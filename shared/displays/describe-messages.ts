import type { InboxCounts, InboxMessage } from '../inbox/inbox-message.js';
import { formatTime } from './format-time.js';
import { layoutRows, wrap } from './layout.js';

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
  for (const { id, chat, t, attempts, deaths, error } of dead) {
    const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${deaths === 0 ? '' : `, ${deaths} of them the end of a worker`}`;
    lines.push('', id);
    lines.push(
      ...wrap(`${formatTime(new Date(t * 1_000).toISOString(), now)} in ${chat}; ${tries}`, width - 4).map(indent),
    );
    if (error !== null) lines.push(...wrap(error, width - 4).map(indent));
  }
  if (dead.length < counts.dead) lines.push('', `And ${counts.dead - dead.length} older ones (--limit).`);
  if (dead.length > 0) {
    lines.push('', `wasup messages ${number} show <id>      what was written`);
    lines.push(`wasup messages ${number} replay [id …]  give them to the bot again`);
    lines.push(`wasup messages ${number} drop [id …]    give them up`);
  }
  return lines;
}

const indent = (line: string): string => `    ${line}`;
