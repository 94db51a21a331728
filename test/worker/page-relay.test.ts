import type { CDPSession, Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { pageLookExpression, pageLookSchema } from '../../shared/protocol/page-look.js';
import { installRelay, pageHalfVersion, relayArguments, relayBinding } from '../../worker/whatsapp/page-relay.js';
import { RelayLine } from '../../worker/whatsapp/relay-line.js';
import { type LinkedPage, load, openLinkedPage } from './linked-page.js';

let linked: LinkedPage;
let page: Page;
/** Of the workers that a test has had. */
const sessions: CDPSession[] = [];

beforeAll(async () => {
  linked = await openLinkedPage();
  ({ page } = linked);
});
beforeEach(() => load(page));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.detach().catch(() => undefined);
});
afterAll(() => linked.close());

describe('what the page calls', () => {
  it('is answered by the worker that is there, with what it says or throws', async () => {
    const { line, thrown } = await listen();
    line.define('onAddMessageEvent', (text) => `heard ${String(text)}`);
    line.define('onReaction', () => {
      throw new Error('no reactions');
    });
    await define('onAddMessageEvent', 'onReaction');
    expect(await page.evaluate("window.onAddMessageEvent('one')")).toBe('heard one');
    await expect(page.evaluate('window.onReaction()')).rejects.toThrow('no reactions');
    expect(thrown).toEqual(['onReaction']);
  });

  it('waits for the next worker when nobody is there, and is handed over once, in its order', async () => {
    const first = await listen();
    await define('onAddMessageEvent', 'onMessageAckEvent');
    await page.evaluate('window.wasup.attach(1)');
    await first.end();
    await page.evaluate('for (const n of [1, 2]) { window.onAddMessageEvent({ n }); window.onMessageAckEvent(n); } 0');

    const heard: unknown[] = [];
    const second = await listen(true);
    second.line.define('onAddMessageEvent', (message) => void heard.push(message));
    second.line.define('onMessageAckEvent', (ack) => void heard.push(ack));
    // It is there, and not before it says so is it told anything.
    await page.evaluate('void window.onAddMessageEvent({ n: 3 })');
    await second.line.adopt(2);
    await page.evaluate('void window.onMessageAckEvent(3)');
    expect(heard).toEqual([]);
    second.line.release();
    expect(heard).toEqual([{ n: 1 }, 1, { n: 2 }, 2, { n: 3 }, 3]);
    await page.evaluate('window.onAddMessageEvent({ n: 4 })');
    expect(heard.at(-1)).toEqual({ n: 4 });
    await second.end();

    const third = await listen(true);
    third.line.define('onAddMessageEvent', (message) => void heard.push(message));
    await third.line.adopt(3);
    third.line.release();
    expect(heard).toHaveLength(7);
    expect(await page.evaluate('[window.wasup.incarnation, window.wasup.messages]')).toEqual([3, 0]);
  });

  it('waits as well while it is held', async () => {
    const { line, end } = await listen();
    const heard: { n: number }[] = [];
    line.define('onAddMessageEvent', (message) => void heard.push(message as { n: number }));
    await define('onAddMessageEvent');
    await page.evaluate('window.onAddMessageEvent({ n: 1 })');
    await line.hold();
    await page.evaluate('void window.onAddMessageEvent({ n: 2 })');
    expect(heard).toEqual([{ n: 1 }]);
    await end();

    const next = await listen(true);
    const heardNext: unknown[] = [];
    next.line.define('onAddMessageEvent', (message) => void heardNext.push(message));
    await next.line.adopt(2);
    next.line.release();
    expect(heardNext).toEqual([{ n: 2 }]);
  });

  it('isn’t kept when it is about the state of the page, which is there to be looked at', async () => {
    await (await listen()).end();
    await define('onAppStateChangedEvent');
    await page.evaluate("void window.onAppStateChangedEvent('OPENING')");
    expect(await page.evaluate('window.wasup.adopt(2)')).toEqual({ calls: [], refused: [], dropped: 0 });
  });

  it('is bounded for each name while nobody is there; what goes is counted', async () => {
    const [version, binding, kept, bounds] = relayArguments;
    await page.evaluate(installRelay, version, binding, kept, { ...bounds, kept: 3 });
    await define('onAddMessageEvent', 'onReaction');
    await page.evaluate(
      'for (let n = 1; n <= 5; n += 1) void window.onAddMessageEvent({ n }); void window.onReaction(0); 0',
    );
    const { calls: waiting } = (await page.evaluate('window.wasup.adopt(2)')) as { calls: string[] };
    expect(waiting.map((call) => (JSON.parse(call) as { parameters: unknown[] }).parameters)).toEqual([
      [{ n: 3 }],
      [{ n: 4 }],
      [{ n: 5 }],
      [0],
    ]);
    expect(await page.evaluate('[window.wasup.dropped, window.wasup.messages]')).toEqual([2, 3]);
  });

  it('that was not kept is told of once to the worker that takes the page over, before it gets what was kept', async () => {
    const [version, binding, kept, bounds] = relayArguments;
    await page.evaluate(installRelay, version, binding, kept, { ...bounds, kept: 3 });
    await define('onAddMessageEvent');
    await page.evaluate('for (let n = 1; n <= 5; n += 1) void window.onAddMessageEvent({ n }); 0');
    const first = await listen(true);
    const heard: unknown[] = [];
    first.line.define('onAddMessageEvent', (message) => void heard.push(message));
    await first.line.adopt(2);
    expect(first.dropped).toEqual([2]);
    expect(heard).toEqual([]);
    const second = await listen(true);
    await second.line.adopt(3);
    expect(second.dropped).toEqual([]);
  });

  it('is not handed over for ever: not to a fourth worker when three have ended without an answer', async () => {
    const first = await listen();
    first.line.define('onAddMessageEvent', () => new Promise(() => undefined));
    await define('onAddMessageEvent');
    await page.evaluate('void window.onAddMessageEvent({ n: 1 })');
    await first.end();
    const heard: string[] = [];
    for (const life of ['second', 'third', 'fourth']) {
      const next = await listen(true);
      next.line.define('onAddMessageEvent', () => new Promise(() => heard.push(life)));
      await next.line.adopt(2);
      next.line.release();
      expect(next.refused).toEqual(life === 'fourth' ? ['onAddMessageEvent'] : []);
      await next.end();
    }
    expect(heard).toEqual(['second', 'third']);
    expect(await page.evaluate('window.wasup.adopt(9)')).toEqual({ calls: [], refused: [], dropped: 0 });
  });

  it('is answered without being handed over when nothing listens to it', async () => {
    const { line } = await listen(false, (name) => name !== 'onChatUnreadCountEvent');
    const heard: string[] = [];
    line.define('onChatUnreadCountEvent', () => void heard.push('unread'));
    line.define('onReaction', () => void heard.push('reaction'));
    await define('onChatUnreadCountEvent', 'onReaction');
    await page.evaluate('Promise.all([window.onChatUnreadCountEvent({ id: 1 }), window.onReaction()])');
    expect(heard).toEqual(['reaction']);
    expect(await page.evaluate('window.wasup.adopt(2)')).toEqual({ calls: [], refused: [], dropped: 0 });
  });

  it('is answered only when what was told is kept: a worker that dies before that leaves it to the next one', async () => {
    let keep: () => void = () => undefined;
    const kept = new Promise<void>((resolve) => (keep = resolve));
    const told: unknown[] = [];
    const { line } = await listen(
      false,
      () => true,
      () => kept,
    );
    line.define('onAddMessageEvent', (n) => void told.push(n));
    await define('onAddMessageEvent');
    await page.evaluate('void (window.answered = window.onAddMessageEvent(1))');
    expect(told).toEqual([1]);
    expect(await page.evaluate('window.wasup.adopt(1).calls.length')).toBe(1);
    keep();
    await page.evaluate('window.answered');
    expect(await page.evaluate('window.wasup.adopt(1).calls.length')).toBe(0);
  });

  it('names a chat whose unread count has changed, and doesn’t carry all its messages along', async () => {
    const { line } = await listen();
    const heard: unknown[] = [];
    line.define('onChatUnreadCountEvent', (chat) => void heard.push(chat));
    await define('onChatUnreadCountEvent');
    await page.evaluate("window.onChatUnreadCountEvent({ id: '1@c.us', msgs: [{ body: 'hello' }] })");
    expect(heard).toEqual([{ id: '1@c.us' }]);
  });

  it('is answered each, however many come at once, and in few steps', async () => {
    const { line } = await listen();
    line.define('onAddMessageEvent', (n) => n);
    await define('onAddMessageEvent');
    await page.evaluate(
      'const one = window.wasup.answerAll; window.steps = 0; window.wasup.answerAll = (all) => { window.steps += 1; one(all); }',
    );
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    expect(await page.evaluate('Promise.all([...Array(500).keys()].map((n) => window.onAddMessageEvent(n)))')).toEqual(
      numbers,
    );
    expect(await page.evaluate('window.steps')).toBeLessThan(100);
  });

  it('is nobody’s when something else in the page calls with what makes no sense', async () => {
    const { line } = await listen();
    line.define('onAddMessageEvent', () => 'heard');
    await define('onAddMessageEvent');
    for (const words of ['', 'null', '{}', '{"id":1}', '{"id":"1","name":"toString","parameters":[]}']) {
      await page.evaluate(`window.${relayBinding}(${JSON.stringify(words)})`);
    }
    expect(await page.evaluate('window.onAddMessageEvent()')).toBe('heard');
  });
});

describe('what a bot has added in the page', () => {
  it('goes when the next worker takes the page over; WhatsApp’s own listeners stay', async () => {
    await (await listen()).end();
    const before = await listeners();
    await page.evaluate('window.wasup.attach(1)');
    await page.evaluate("require('WAWebCollections').Msg.on('add change', () => undefined)");
    await page.evaluate("require('WAWebSocketModel').Socket.once('change:state', () => undefined)");
    // Of the page's own, though on behalf of somebody else.
    await page.addScriptTag({
      content: "window.ofThePage = () => require('WAWebCollections').Chat.on('add', () => undefined)",
    });
    await page.evaluate('window.ofThePage()');
    const own = 2;
    const foreign = 3;
    expect(await listeners()).toBe(before + own + foreign);
    await page.evaluate('window.wasup.adopt(2)');
    expect(await listeners()).toBe(before + own);
  });
});

describe('what the page says of itself', () => {
  it('is what the supervisor understands', async () => {
    expect(await page.evaluate(pageLookExpression)).toBeUndefined();
    await listen();
    await linked.phone.waitFor('synced');
    await page.evaluate('window.wasup.attach(7)');
    expect(pageLookSchema.parse(await page.evaluate(pageLookExpression))).toMatchObject({
      version: pageHalfVersion,
      incarnation: 7,
      socket: 'CONNECTED',
      utilities: false,
      identity: linked.phone.number,
    });
  });
});

interface Listener {
  readonly line: RelayLine;
  /** Names of the callbacks that have thrown. */
  readonly thrown: string[];
  readonly refused: string[];
  readonly dropped: number[];
  readonly end: () => Promise<void>;
}

/** A worker's end of the relay, without the library. */
async function listen(
  takesOver = false,
  isHeard: (name: string) => boolean = () => true,
  taken: () => Promise<void> | undefined = () => undefined,
): Promise<Listener> {
  const session = await page.createCDPSession();
  sessions.push(session);
  const thrown: string[] = [];
  const refused: string[] = [];
  const dropped: number[] = [];
  const line = new RelayLine({
    page,
    session,
    takesOver,
    onThrown: (name) => void thrown.push(name),
    onRefused: (calls) => void refused.push(...calls.map(({ name }) => name)),
    onDropped: (calls) => void dropped.push(calls),
    isHeard,
    taken,
  });
  if (takesOver) await line.listen();
  else await line.install();
  return { line, thrown, refused, dropped, end: () => session.detach() };
}

async function define(...names: string[]): Promise<void> {
  for (const name of names) await page.evaluate(`window.wasup.define('${name}')`);
}

async function listeners(): Promise<number> {
  const emitters = [
    "require('WAWebCollections').Msg",
    "require('WAWebCollections').Chat",
    "require('WAWebSocketModel').Socket",
  ];
  return (await page.evaluate(emitters.map((emitter) => `${emitter}.listenerCount`).join(' + '))) as number;
}
