import { expect, test } from 'vitest';

import { type ChatKind, chatKind, isHandled } from '../../worker/chat-kind.js';

test.each<[string, ChatKind]>([
  ['15551230001@c.us', 'conversation'],
  ['123456789012345@lid', 'conversation'],
  ['120363041234567890@g.us', 'conversation'],
  ['status@broadcast', 'status'],
  ['1456789012@broadcast', 'broadcast'],
  ['120363041234567890@newsletter', 'channel'],
])('%s is a %s', (chat, kind) => {
  expect(chatKind(chat)).toBe(kind);
});

test('conversations are handled; posts to many are when the bot asks for their kind', () => {
  const kinds: ChatKind[] = ['conversation', 'status', 'broadcast', 'channel'];
  const handled = (bot: Parameters<typeof isHandled>[1]): ChatKind[] => kinds.filter((kind) => isHandled(kind, bot));
  expect(handled({})).toEqual(['conversation']);
  expect(handled({ handles: { status: false } })).toEqual(['conversation']);
  expect(handled({ handles: { status: true } })).toEqual(['conversation', 'status']);
  expect(handled({ handles: { broadcasts: true } })).toEqual(['conversation', 'broadcast']);
  expect(handled({ handles: { channels: true } })).toEqual(['conversation', 'channel']);
});
