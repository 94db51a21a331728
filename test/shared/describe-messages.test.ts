import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeMessage, describeMessages, messageFacts } from '../../shared/displays/describe-messages.js';
import { type InboxMessage, messageStates } from '../../shared/inbox/inbox-message.js';

const number = '12025550100';
const now = new Date('2026-11-01T10:00:00Z');
const counts = { waiting: 0, running: 0, dead: 1, done: 0 };
const letter: InboxMessage = {
  id: 'false_12025550123@c.us_3EB0C431D6E7',
  chat: '12025550123@c.us',
  t: now.getTime() / 1_000 - 3_600,
  place: 1,
  state: 'dead',
  raw: JSON.stringify({ type: 'chat', from: '12025550123@c.us', body: 'the weather in Ys' }),
  backfilled: false,
  attempts: 3,
  deaths: 0,
  nextAt: null,
  error: 'no such city',
  receivedAt: now.getTime() - 3_600_000,
  settledAt: now.getTime() - 3_000_000,
};

const list = (changes: Partial<InboxMessage>, width = 200): string[] =>
  describeMessages(number, counts, [{ ...letter, ...changes }], now, width);
const show = (changes: Partial<InboxMessage>, width = 200): string =>
  describeMessage({ ...letter, ...changes }, now, width).join('\n');
const showModel = (model: object): string => show({ raw: JSON.stringify(model) });

/** C0 and C1, and what turns the direction of a text. */
const steering = /[^\n\P{Cc}]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

describe('the list', () => {
  it('names each dead letter alone in a line, as the other commands take it', () => {
    expect(list({}, 40)).toContain(letter.id);
  });

  it('says how often a message was tried, and when it was sent', () => {
    expect(list({}).join('\n')).toMatch(/ {4}2026-11-01 .* \(1 h ago\) in 12025550123@c\.us; 3 attempts$/m);
    expect(list({ attempts: 1 }).join('\n')).toMatch(/; 1 attempt$/m);
    expect(list({ deaths: 2 }).join('\n')).toMatch(/; 3 attempts, 2 of them the end of a worker$/m);
  });

  it('cuts an error that would fill the screen', () => {
    const text = list({ error: 'no such city. '.repeat(1_000) }).join('\n');
    expect(text).toMatch(/…$/m);
    expect(text.length).toBeLessThan(1_500);
  });

  it('keeps to a narrow terminal where words allow', () => {
    const lines = list({ error: 'a word and another '.repeat(10) }, 50).slice(0, -3);
    expect(lines.filter((line) => line.length > 50)).toEqual([]);
  });

  it('tells nothing of what to do about dead letters where there are none', () => {
    expect(describeMessages(number, { ...counts, dead: 0 }, [], now, 100).join('\n')).not.toContain('replay');
  });
});

describe('a message', () => {
  it('is shown with all of its error', () => {
    const error = Array.from({ length: 200 }, (_, n) => `word${n}`).join(' ');
    expect(show({ error }).replaceAll(/\s+/g, ' ')).toContain(error);
  });

  it('of a group names who wrote it', () => {
    const from = { _serialized: '1203@g.us' };
    expect(showModel({ type: 'chat', from, author: { _serialized: '12025550124@c.us' } })).toMatch(
      /^From +12025550124@c\.us$/m,
    );
  });

  it('that is a picture is shown with its caption, not with its bytes', () => {
    expect(showModel({ type: 'image', body: '/9j/4AAQSkZJRg', caption: 'look' })).toMatch(/^Text +look$/m);
    expect(showModel({ type: 'image', body: '/9j/4AAQSkZJRg' })).not.toMatch(/^Text|9j/m);
  });

  it('that came while nobody listened, or comes again later, is that', () => {
    expect(show({ backfilled: true })).toMatch(/^Sent .*, while nobody listened\.$/m);
    expect(show({ state: 'waiting', settledAt: null, nextAt: now.getTime() + 5_000 })).toMatch(
      /^State +Waiting for the bot, the next attempt .*\(in 5\.0 s\)\.$/m,
    );
    expect(show({ state: 'running', settledAt: null })).toMatch(/^State +With the bot\.$/m);
  });

  it.each(['', 'not JSON', 'null', '7', '[]', '{"type":7,"from":{},"body":{"text":"?"}}'])(
    'whose model is none is shown without: %j',
    (raw) => {
      expect(show({ raw })).toMatch(/^Message +false_12025550123@c\.us_3EB0C431D6E7$/m);
      expect(show({ raw })).not.toMatch(/^(From|Text)/m);
    },
  );

  it('tells programs nothing of what was written, and of no time that isn’t known', () => {
    const facts = messageFacts({ ...letter, settledAt: null });
    expect(JSON.stringify(facts)).not.toContain('weather');
    expect(facts).toMatchObject({ sentAt: '2026-11-01T09:00:00.000Z', settledAt: null, nextAttemptAt: null });
  });
});

describe('whatever strangers write', () => {
  it('doesn’t steer the terminal, and is shown escaped', () => {
    expect(showModel({ type: 'chat', body: 'red \u001B[31mherring\u0007 \u202Egnirts' })).toMatch(
      /^Text +red \\u001b\[31mherring\\u0007 \\u202egnirts$/m,
    );
    const texts = fc.string({ unit: 'binary', maxLength: 40 });
    const written = fc.record({
      id: texts,
      chat: texts,
      error: texts,
      state: fc.constantFrom(...messageStates),
      raw: fc.record({ type: fc.constant('chat'), from: texts, body: texts }).map((model) => JSON.stringify(model)),
    });
    fc.assert(
      fc.property(written, fc.integer({ min: 1, max: 300 }), (changes, width) => {
        for (const line of [...list(changes, width), ...show(changes, width).split('\n')])
          expect(line).not.toMatch(steering);
      }),
    );
  });

  it('stays as it was written where it does no harm', () => {
    const body = 'Grüße, 你好, שלום, 👨‍👩‍👧 \\u001b';
    expect(showModel({ type: 'chat', body })).toContain(body);
  });
});
