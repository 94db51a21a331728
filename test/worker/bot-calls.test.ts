import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import type { Bot, MessageContext } from '../../bot/define-bot.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { BotCalls } from '../../worker/bot-calls.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { Message } from '../../worker/whatsapp/library.js';
import { replyId, sendOnceAttribute } from '../../worker/whatsapp/send-once.js';
import { gate } from '../support/gate.js';

const account = '12025550100';
const anna = '15551230001@c.us';
const id = `false_${anna}_3EB0C767D26A`;
const raw = JSON.stringify({
  id: { fromMe: false, remote: anna, id: '3EB0C767D26A', _serialized: id },
  from: anna,
  body: 'hello',
  type: 'chat',
  t: 1_790_000_000,
});

let client: FakeClient;
let heard: string[];
let stopping: AbortController;

beforeEach(() => {
  client = new FakeClient();
  heard = [];
  stopping = new AbortController();
});

/** As much of a client as handing messages over asks of it. */
class FakeClient extends EventEmitter {
  readonly sent: { chat: string; content: unknown; options: Record<string, unknown> }[] = [];
  /** What the page has sent before, by its id. */
  readonly sentBefore = new Map<string, object>();
  readonly looks: string[] = [];
  /** What sending waits for. */
  sending: () => Promise<unknown> = () => Promise.resolve();

  readonly page = {
    evaluate: (_work: unknown, key: string) => {
      this.looks.push(key);
      return Promise.resolve(this.sentBefore.get(key) ?? null);
    },
  };

  async sendMessage(chat: string, content: unknown, options: Record<string, unknown>): Promise<unknown> {
    await this.sending();
    this.sent.push({ chat, content, options });
    return { content };
  }

  get ids(): unknown[] {
    return this.sent.map(({ options }) => (options['extra'] as Record<string, unknown>)[sendOnceAttribute]);
  }
}

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

function callsOf(bot: Bot = {}): BotCalls {
  return new BotCalls({
    client: client as unknown as AttachedClient,
    bot,
    account,
    log,
    stopping: stopping.signal,
  });
}

function row(more: Partial<InboxMessage> = {}): InboxMessage {
  return {
    id,
    chat: anna,
    t: 1_790_000_000,
    place: 1,
    state: 'running',
    raw,
    backfilled: false,
    attempts: 1,
    deaths: 0,
    nextAt: null,
    error: null,
    receivedAt: 0,
    settledAt: null,
    ...more,
  };
}

const waitedFor = new AbortController().signal;

/** Ends when all has ended that was only waiting for its turn. */
const turns = (): Promise<void> => sleep(0);

const hears = (name: string) => (): void => void heard.push(name);
function fails(name: string): () => void {
  return () => {
    heard.push(name);
    throw new Error(`${name} fails`);
  };
}
const rejects = (name: string) => (): unknown => {
  heard.push(name);
  return Promise.reject(new Error(`${name} fails`));
};

describe('a message is handed', () => {
  test('once to each listener of both events and to onMessage, in the order of the library, as its own Message', async () => {
    const messages: Message[] = [];
    client.on('message', hears('message 1'));
    client.on('message_create', hears('create'));
    client.on('message', hears('message 2'));
    client.on('message', (message: Message) => messages.push(message));
    client.on('message_ack', hears('ack'));
    const onMessage = (message: Message): void => {
      heard.push('onMessage');
      messages.push(message);
    };
    await callsOf({ onMessage }).hand(row(), waitedFor);
    expect(heard).toEqual(['create', 'message 1', 'message 2', 'onMessage']);
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatchObject({ body: 'hello', from: anna, timestamp: 1_790_000_000, fromMe: false });
    expect(messages[0]?.constructor.name).toBe('Message');
  });

  test('to listeners as the client calls them', async () => {
    const calledOn: unknown[] = [];
    client.on('message', function (this: unknown) {
      calledOn.push(this);
    });
    await callsOf().hand(row(), waitedFor);
    expect(calledOn).toEqual([client]);
    expect(calledOn[0]).toBe(client);
  });

  test('to onMessage as a method of the bot', async () => {
    const bot: Bot = {
      onMessage() {
        heard.push(String(this === bot));
      },
    };
    await callsOf(bot).hand(row(), waitedFor);
    expect(heard).toEqual(['true']);
  });

  test('to whoever listens then: listeners may come and go', async () => {
    const calls = callsOf();
    const listener = hears('late');
    await calls.hand(row(), waitedFor);
    client.on('message', listener);
    await calls.hand(row({ id: 'B' }), waitedFor);
    client.off('message', listener);
    await calls.hand(row({ id: 'C' }), waitedFor);
    expect(heard).toEqual(['late']);
  });

  test('to a listener that wants one message only, once', async () => {
    const calls = callsOf();
    client.once('message', hears('once'));
    client.on('message', hears('on'));
    await calls.hand(row(), waitedFor);
    await calls.hand(row({ id: 'B' }), waitedFor);
    expect(heard).toEqual(['once', 'on', 'on']);
    expect(client.listenerCount('message')).toBe(1);
  });

  test('to nobody where nobody listens', async () => {
    await callsOf().hand(row(), waitedFor);
    expect(client.sent).toEqual([]);
  });

  test('until the last of them has ended', async () => {
    const { passed, open } = gate();
    client.on('message', (): unknown => passed);
    let hasEnded = false;
    const handed = callsOf({ onMessage: hears('onMessage') })
      .hand(row(), waitedFor)
      .then(() => (hasEnded = true));
    await turns();
    expect({ heard, hasEnded }).toEqual({ heard: ['onMessage'], hasEnded: false });
    open();
    await handed;
  });

  test('to nobody when it can’t be read', async () => {
    client.on('message', hears('message'));
    await expect(callsOf().hand(row({ raw: '{' }), waitedFor)).rejects.toThrow(SyntaxError);
    expect(heard).toEqual([]);
  });
});

describe('one that fails', () => {
  test.each([
    ['throws', fails],
    ['rejects', rejects],
  ])('because it %s keeps nothing from the others; what it says is the failure', async (_how, failing) => {
    client.on('message_create', failing('first'));
    client.on('message', hears('second'));
    client.on('message', failing('third'));
    const calls = callsOf({ onMessage: hears('onMessage') });
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow('first fails');
    expect(heard).toEqual(['first', 'second', 'third', 'onMessage']);
  });

  test('gets the message again, and of those that have dealt with it nobody does', async () => {
    client.on('message_create', hears('create'));
    client.on('message', hears('message'));
    client.on('message', fails('failing'));
    client.on('message', rejects('rejecting'));
    const calls = callsOf({ onMessage: hears('onMessage') });
    for (const attempts of [1, 2, 3])
      await expect(calls.hand(row({ attempts }), waitedFor)).rejects.toThrow('failing fails');
    const again = ['failing', 'rejecting'];
    expect(heard).toEqual(['create', 'message', ...again, 'onMessage', ...again, ...again]);
  });

  test('gets it no more once it has dealt with it', async () => {
    let failures = 1;
    client.on('message', () => {
      heard.push('recovers');
      if ((failures -= 1) >= 0) throw new Error('not yet');
    });
    client.on('message', fails('failing'));
    const calls = callsOf();
    for (const attempts of [1, 2, 3]) await calls.hand(row({ attempts }), waitedFor).catch(() => undefined);
    expect(heard.filter((name) => name === 'recovers')).toHaveLength(2);
  });

  test('by one event gets it again by that one, also when it listens to both', async () => {
    let failures = 1;
    const both = (): void => {
      heard.push('both');
      if ((failures -= 1) >= 0) throw new Error('not yet');
    };
    client.on('message_create', both);
    client.on('message', both);
    const calls = callsOf();
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow('not yet');
    await calls.hand(row({ attempts: 2 }), waitedFor);
    expect(heard).toHaveLength(3);
  });

  test('gets each other message as any', async () => {
    client.on('message', hears('message'));
    client.on('message', fails('failing'));
    const calls = callsOf();
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow();
    await expect(calls.hand(row({ id: 'B' }), waitedFor)).rejects.toThrow();
    expect(heard).toEqual(['message', 'failing', 'message', 'failing']);
  });

  test('and is replayed after it was parked begins with everybody', async () => {
    client.on('message', hears('message'));
    client.on('message', fails('failing'));
    const calls = callsOf();
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow();
    calls.forget(id);
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow();
    expect(heard).toEqual(['message', 'failing', 'message', 'failing']);
  });

  test('by taking too long gets it again, and of those that have dealt with it nobody does, before it has ended and after', async () => {
    const { passed, open } = gate();
    client.on('message', hears('message'));
    client.on('message', (): unknown => {
      heard.push('hanging');
      return passed;
    });
    client.on('message', fails('failing'));
    const calls = callsOf();
    const attempt = new AbortController();
    const first = calls.hand(row(), attempt.signal).catch(() => undefined);
    await turns();
    attempt.abort(new Error('too long'));
    const second = calls.hand(row({ attempts: 2 }), waitedFor).catch(() => undefined);
    open();
    await Promise.all([first, second]);
    // The first has come to its end after all, and needs no further attempt.
    await calls.hand(row({ attempts: 3 }), waitedFor).catch(() => undefined);
    expect(heard).toEqual(['message', 'hanging', 'failing', 'hanging', 'failing', 'failing']);
  });

  test('by taking too long and then ends well has the others left alone, whatever comes of the next attempt', async () => {
    const { passed, open } = gate();
    client.on('message', hears('message'));
    client.on('message', (): unknown => {
      heard.push('hanging');
      return passed;
    });
    const calls = callsOf();
    const attempt = new AbortController();
    const first = calls.hand(row(), attempt.signal);
    await turns();
    attempt.abort(new Error('too long'));
    client.on('message', fails('failing'));
    const second = calls.hand(row({ attempts: 2 }), waitedFor).catch(() => undefined);
    open();
    await Promise.all([first, second]);
    await calls.hand(row({ attempts: 3 }), waitedFor).catch(() => undefined);
    expect(heard.filter((name) => name === 'message')).toHaveLength(1);
  });
});

describe('the context', () => {
  async function contextOf(more: Partial<InboxMessage> = {}, signal = waitedFor): Promise<MessageContext> {
    let given: MessageContext | undefined;
    await callsOf({ onMessage: (_message, context) => void (given = context) }).hand(row(more), signal);
    if (given === undefined) throw new Error('no context');
    return given;
  }

  test.each([
    { attempts: 1, backfilled: false },
    { attempts: 3, backfilled: true },
  ])('tells what there is to know: %o', async ({ attempts, backfilled }) => {
    const context = await contextOf({ attempts, backfilled });
    expect(context).toMatchObject({ account, attempt: attempts, backfilled, log });
    expect(context.signal.aborted).toBe(false);
  });

  test('has a signal that is aborted when nobody waits for the attempt any more', async () => {
    const attempt = new AbortController();
    const { signal } = await contextOf({}, attempt.signal);
    attempt.abort(new Error('too long'));
    expect(signal.reason).toEqual(new Error('too long'));
  });

  test('has a signal that is aborted when the worker is about to stop', async () => {
    const { signal } = await contextOf();
    stopping.abort();
    expect(signal.aborted).toBe(true);
  });
});

describe('an answer', () => {
  const answering = (work: (context: MessageContext) => unknown): BotCalls =>
    callsOf({ onMessage: (_message, context) => work(context) });

  test('quotes the message in its chat, and resolves with what was sent', async () => {
    let sent: unknown;
    await answering(async (context) => (sent = await context.reply('hi', { linkPreview: false }))).hand(
      row(),
      waitedFor,
    );
    expect(sent).toEqual({ content: 'hi' });
    expect(client.sent).toMatchObject([
      { chat: anna, content: 'hi', options: { linkPreview: false, quotedMessageId: id } },
    ]);
  });

  test('keeps what the bot gives along with it', async () => {
    await answering((context) => context.reply('hi', { extra: { of: 'the bot' } })).hand(row(), waitedFor);
    expect(client.sent[0]?.options).toMatchObject({
      extra: { of: 'the bot', [sendOnceAttribute]: replyId(account, id, 1) },
    });
  });

  test('has an id by its number, the same at each attempt', async () => {
    const calls = answering(async (context) => {
      await context.reply('one');
      await context.reply('two');
    });
    await calls.hand(row(), waitedFor);
    await calls.hand(row({ attempts: 2 }), waitedFor);
    const ids = [replyId(account, id, 1), replyId(account, id, 2)];
    expect(client.ids).toEqual([...ids, ...ids]);
  });

  test('that is given beside another has its number from the order in which they were given', async () => {
    await answering((context) => Promise.all([context.reply('one'), context.reply('two')])).hand(row(), waitedFor);
    expect(client.sent.map(({ content }) => content)).toEqual(['one', 'two']);
    expect(client.ids).toEqual([replyId(account, id, 1), replyId(account, id, 2)]);
  });

  test.each<[string, Partial<InboxMessage>, boolean]>([
    ['for a message that has just come', {}, false],
    ['for one that is handed over again', { attempts: 2 }, true],
    [
      'for one that was read afterwards: an inbox that is lost can’t say whether it was answered',
      { backfilled: true },
      true,
    ],
    ['for one that was parked and is replayed', { attempts: 1, error: 'no such city' }, true],
  ])('is looked for in the page first where it may have been sent: %s', async (_name, more, looksFor) => {
    const key = replyId(account, id, 1);
    client.sentBefore.set(key, { id: { _serialized: 'sent before' }, body: 'hi' });
    let sent: Message | undefined;
    await answering(async (context) => (sent = await context.reply('hi'))).hand(row(more), waitedFor);
    expect(client.looks).toEqual(looksFor ? [key] : []);
    expect(client.sent).toHaveLength(looksFor ? 0 : 1);
    if (looksFor) expect(sent).toMatchObject({ body: 'hi' });
  });

  test('that was not sent before is sent', async () => {
    await answering((context) => context.reply('hi')).hand(row({ attempts: 2 }), waitedFor);
    expect(client.looks).toEqual(client.ids);
    expect(client.ids).toHaveLength(1);
  });

  test('is refused when nobody waits for the attempt any more', async () => {
    const attempt = new AbortController();
    attempt.abort(new Error('too long'));
    await expect(answering((context) => context.reply('hi')).hand(row(), attempt.signal)).rejects.toThrow('too long');
    expect(client.sent).toEqual([]);
  });

  test('is sent while the worker stops, as long as it waits for the handler', async () => {
    stopping.abort();
    await answering((context) => context.reply('hi')).hand(row(), waitedFor);
    expect(client.sent).toHaveLength(1);
  });

  test('is a part of the message’s work when nobody waits for it', async () => {
    const { passed, open } = gate();
    client.sending = () => passed;
    let hasEnded = false;
    const handed = answering((context) => void context.reply('hi'))
      .hand(row(), waitedFor)
      .then(() => (hasEnded = true));
    await turns();
    expect(hasEnded).toBe(false);
    open();
    await handed;
    expect(client.sent).toHaveLength(1);
  });

  test.each<[string, (context: MessageContext) => unknown]>([
    ['then', (context) => void context.reply('one').then(() => context.reply('two'))],
    [
      'await',
      (context) => {
        void (async () => {
          await context.reply('one');
          await context.reply('two');
        })();
      },
    ],
  ])('that follows on one for which nobody waits is, too (%s)', async (_how, work) => {
    client.sending = turns;
    await answering(work).hand(row(), waitedFor);
    expect(client.sent.map(({ content }) => content)).toEqual(['one', 'two']);
  });

  test('that can’t be sent and for which nobody waits has the message come again, to onMessage alone', async () => {
    client.on('message', hears('message'));
    client.sending = () => Promise.reject(new Error('the page has gone'));
    const calls = callsOf({
      onMessage: (_message, context) => {
        heard.push('onMessage');
        void context.reply('hi');
        void context.reply('there');
      },
    });
    await expect(calls.hand(row(), waitedFor)).rejects.toThrow('the page has gone');
    client.sending = () => Promise.resolve();
    await calls.hand(row({ attempts: 2 }), waitedFor);
    expect(heard).toEqual(['message', 'onMessage', 'onMessage']);
    expect(client.sent).toHaveLength(2);
  });

  test.each<[string, (context: MessageContext) => unknown]>([
    ['await', async (context) => context.reply('hi').catch(() => undefined)],
    [
      'try',
      async (context) => {
        try {
          await context.reply('hi');
        } catch {
          // The bot can do without.
        }
      },
    ],
    ['allSettled', (context) => Promise.allSettled([context.reply('hi')])],
    [
      'a later await',
      async (context) => {
        const answer = context.reply('hi');
        await turns();
        await answer.catch(() => undefined);
      },
    ],
  ])('that can’t be sent is the bot’s affair when it deals with that itself (%s)', async (_how, work) => {
    client.sending = () => Promise.reject(new Error('the page has gone'));
    await answering(work).hand(row(), waitedFor);
  });

  test('that can’t be sent and is waited for fails the handler', async () => {
    client.sending = () => Promise.reject(new Error('the page has gone'));
    await expect(answering(async (context) => context.reply('hi')).hand(row(), waitedFor)).rejects.toThrow(
      'the page has gone',
    );
  });
});

describe('a message that the account has sent itself', () => {
  const own = `true_${anna}_3EB0A1`;
  const ownRaw = JSON.stringify({
    id: { fromMe: true, remote: anna, id: '3EB0A1', _serialized: own },
    from: '12025550100@c.us',
    to: anna,
    body: 'sent on the phone',
    type: 'chat',
    t: 1_790_000_000,
  });

  test('goes to the listeners of message_create alone', async () => {
    client.on('message_create', hears('message_create'));
    client.on('message', hears('message'));
    await callsOf({ onMessage: hears('onMessage') }).hand(row({ id: own, raw: ownRaw }), waitedFor);
    expect(heard).toEqual(['message_create']);
  });
});

describe('a post to many that the bot has asked for', () => {
  const post = (chat: string, more: object = {}): Partial<InboxMessage> => {
    const text = `false_${chat}_3EB0B2_${anna}`;
    const key = { fromMe: false, remote: chat, id: '3EB0B2', participant: anna, _serialized: text };
    return {
      id: text,
      chat,
      raw: JSON.stringify({ id: key, from: chat, author: anna, body: 'news', type: 'chat', ...more }),
    };
  };
  const answer: Bot = { onMessage: (_message, context: MessageContext) => context.reply('nice') };

  test.each(['status@broadcast', '1456789012@broadcast'])('is answered to its author in private: %s', async (chat) => {
    await callsOf(answer).hand(row(post(chat)), waitedFor);
    expect(client.sent.map((sent) => sent.chat)).toEqual([anna]);
  });

  test('whose author isn’t known is answered to nobody', async () => {
    const handing = callsOf(answer).hand(row(post('status@broadcast', { author: undefined })), waitedFor);
    await expect(handing).rejects.toThrow('author of this post is not known');
    expect(client.sent).toEqual([]);
  });

  test('in a channel has no answer: it would be a post of the account', async () => {
    await expect(callsOf(answer).hand(row(post('120363041234567890@newsletter')), waitedFor)).rejects.toThrow(
      'no answer',
    );
    expect(client.sent).toEqual([]);
  });
});
