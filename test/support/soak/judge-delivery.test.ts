import { describe, expect, it } from 'vitest';

import { type Asked, judgeDelivery, type Note } from './judge-delivery.js';

const asked: Asked[] = [
  { id: 'a', chat: 'one', body: '!ping 0' },
  { id: 'b', chat: 'two', body: 'hello 1' },
  { id: 'c', chat: 'one', body: 'hello 2' },
];
const answers = [{ quotedMessageId: 'a', body: 'pong 0' }];
const right = { lost: [], wronglyAnswered: [], outOfOrder: [] };

function noted(...bodies: string[]): Note[] {
  return bodies.map((body) => ({ id: body, body, attempt: 1, backfilled: false }));
}

describe('messages', () => {
  it('are all right when each was handled, in the order of its chat, and each ping answered once', () => {
    expect(judgeDelivery(asked, noted('hello 1', '!ping 0', 'hello 2'), answers)).toEqual(right);
  });

  it('may be handled again', () => {
    expect(judgeDelivery(asked, noted('!ping 0', 'hello 2', '!ping 0', 'hello 1', 'hello 2'), answers)).toEqual(right);
  });

  it('are lost when they were never handled', () => {
    expect(judgeDelivery(asked, noted('!ping 0', 'hello 2'), answers)).toEqual({ ...right, lost: ['hello 1'] });
  });

  it('are out of order when a newer one of the chat was handled first', () => {
    const outOfOrder = [{ chat: 'one', body: '!ping 0', after: 'hello 2' }];
    expect(judgeDelivery(asked, noted('hello 2', '!ping 0', 'hello 1'), answers)).toEqual({ ...right, outOfOrder });
  });

  it.each([
    ['twice', [...answers, ...answers], ['pong 0', 'pong 0'], '!ping 0'],
    ['not at all', [], [], '!ping 0'],
    ['with the answer to another', [{ quotedMessageId: 'a', body: 'pong 7' }], ['pong 7'], '!ping 0'],
    ['unasked', [...answers, { quotedMessageId: 'b', body: 'pong 1' }], ['pong 1'], 'hello 1'],
  ])('are wrongly answered when that is done %s', (_, given, told, body) => {
    const notes = noted('!ping 0', 'hello 1', 'hello 2');
    expect(judgeDelivery(asked, notes, given)).toEqual({ ...right, wronglyAnswered: [{ body, answers: told }] });
  });
});
