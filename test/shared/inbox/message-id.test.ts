import { expect, test } from 'vitest';

import { chatId, messageId } from '../../../shared/inbox/message-id.js';

const text = 'false_12025550123@c.us_3EB0C431D6E7';
const parts = { fromMe: false, remote: '12025550123@c.us', id: '3EB0C431D6E7' };

test.each([
  ['until July 2026', { ...parts, _serialized: text }],
  ['since then', { ...parts, $1: text }],
  ['with both', { ...parts, $1: text, _serialized: text }],
  ['with neither', parts],
  ['with its chat as an object', { ...parts, remote: { user: '12025550123', server: 'c.us' } }],
  ['as text', text],
])('a message has the same id by its key %s', (_name, key) => {
  expect(messageId(key)).toBe(text);
});

test('a key of a group names the sender as well', () => {
  const participant = { _serialized: '12025550123@c.us' };
  expect(messageId({ fromMe: false, remote: '1203@g.us', id: 'A', participant })).toBe(
    'false_1203@g.us_A_12025550123@c.us',
  );
});

test.each([undefined, null, '', 7, {}, { id: 'A' }, { fromMe: true, remote: {}, id: 'A' }])('%j is no key', (key) => {
  expect(messageId(key)).toBeUndefined();
});

test('the id of a chat is its text, or made of its parts', () => {
  expect(['1@c.us', { _serialized: '1@c.us' }, { user: '1', server: 'c.us' }].map(chatId)).toEqual(
    Array(3).fill('1@c.us'),
  );
  expect(chatId({})).toBeUndefined();
});
