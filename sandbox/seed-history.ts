import { z } from 'zod';
import type { Account, History } from './account.js';
import type { WireMessage } from './messages.js';
import { formatKey, userId } from './messages.js';
import { parseInput } from './options.js';

const historyInput = z.strictObject({
  /** They are with 15550000000, 15550000001 and so on. */
  chats: z.number().int().min(1).max(10_000),
  messages: z.number().int().min(0).max(200_000),
  /** Seconds between two messages. */
  spacing: z.number().int().min(1).default(60),
});
export type HistoryInput = z.input<typeof historyInput>;

/** A past of so many chats and messages, the newest an hour ago. */
export function seedHistory(account: Account, input: HistoryInput): History {
  const { chats, messages, spacing } = parseInput(historyInput, input, 'seedHistory');
  const end = Math.floor(Date.now() / 1000) - 3600;
  const people = Array.from({ length: chats }, (_, index) => userId(`1555${String(index).padStart(7, '0')}`));
  const records = Array.from({ length: messages }, (_, index): WireMessage => {
    const chat = people[index % people.length] ?? account.id;
    const id = formatKey({ fromMe: false, remote: chat, id: `SEED${String(index).padStart(12, '0')}` });
    const t = end - index * spacing;
    const body = `message ${messages - index} of ${messages}`;
    return { id, chat, from: chat, to: account.id, type: 'chat', body, t, sequence: 0, ack: 1 };
  });
  const history: History = {
    chats: people.map((id, index) => ({ id, t: end - index * spacing })),
    contacts: people.map((id, index) => ({ id, name: `Contact ${index}`, isAddressBookContact: 1 })),
    messages: records,
  };
  account.history = history;
  account.deliver({ kind: 'history', ...history });
  return history;
}
