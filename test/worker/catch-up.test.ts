import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import { Inbox } from '../../shared/inbox/inbox.js';
import { isOwn } from '../../shared/inbox/message-id.js';
import { createOutput } from '../../shared/logger.js';
import {
  CatchUp,
  type CatchUpLimits,
  CatchUpOvertaken,
  describeCatchUpFailure,
  inPortions,
  type MissedSource,
} from '../../worker/catch-up.js';
import { slackSeconds } from '../../worker/decide-since.js';
import { Identity } from '../../worker/identity.js';
import type { MissedChat } from '../../worker/whatsapp/read-missed.js';
import { WhatsAppClock } from '../../worker/whatsapp-clock.js';
import { gate } from '../support/gate.js';

const now = 1_790_000_000;
const day = 86_400;
const limits: CatchUpLimits = { maxAgeMs: 7 * day * 1_000, maxMessages: 10_000 };

let folder: string;
let inbox: Inbox;
let page: FakePage;
let alerts: Alert[];
let chats: string[];
let troubles: unknown[];
let losses: number;
let linkedAt: number | undefined;
let wantsOwn: boolean;

beforeEach(() => {
  losses = 0;
  linkedAt = undefined;
  wantsOwn = false;
  folder = mkdtempSync(join(tmpdir(), 'wasup-catch-up-'));
  alerts = [];
  chats = [];
  troubles = [];
  page = new FakePage();
  inbox = openInbox();
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function openInbox(name = 'inbox.db'): Inbox {
  return new Inbox({
    path: join(folder, name),
    now: () => now * 1_000,
    onTrouble: (error) => troubles.push(error),
    onSaved: () => undefined,
    onRebuilt: () => undefined,
  });
}

function catchUp(more: Partial<CatchUpLimits> = {}, beginning = now - day): CatchUp {
  return new CatchUp({
    inbox,
    identity: new Identity({ inbox, isBusy: () => false, onMoved: () => undefined }),
    source: page,
    limits: { ...limits, ...more },
    log: createOutput({ level: 'silent', format: 'json' }).log,
    clock: new WhatsAppClock(
      () => now * 1_000,
      () => 0,
    ),
    now: () => now * 1_000,
    alert: (alert) => alerts.push(alert),
    onChat: (chat) => chats.push(chat),
    wantsOwn: () => wantsOwn,
    age: () => now - beginning,
    linkedAt: () => Promise.resolve(linkedAt),
    losses: () => losses,
  });
}

interface PageMessage {
  readonly id: string;
  readonly chat: string;
  readonly t: number;
  readonly isUndecrypted?: boolean;
}

/** What the page knows, and what it is asked. Messages lie in it in the order in which they came. */
class FakePage implements MissedSource {
  readonly messages: PageMessage[] = [];
  readonly gone = new Set<string>();
  readonly asked: { since: number }[] = [];
  readonly unreadable = new Set<string>();
  readonly tooLong = new Set<string>();
  readonly portions: (readonly string[])[] = [];
  /** What happens before an answer is there. */
  beforeList: () => unknown = () => undefined;
  /** What happens between the two questions. */
  afterList: () => unknown = () => undefined;
  beforeModels: (ids: readonly string[]) => unknown = () => undefined;

  has(id: string, chat: string, t: number, more: Partial<PageMessage> = {}): void {
    this.messages.push({ id, chat, t, ...more });
  }

  /** What WhatsApp says that time it is. */
  seconds: number | null = null;

  time(): Promise<number | null> {
    return Promise.resolve(this.seconds);
  }

  async list(since: number, ownSince: number | null): Promise<MissedChat[]> {
    this.asked.push({ since });
    await this.beforeList();
    const isAsked = ({ id, t }: PageMessage): boolean =>
      t >= since && (!isOwn(id) || (ownSince !== null && t >= ownSince));
    const found = this.messages.filter(isAsked).sort((one, other) => one.t - other.t);
    const brief = (of: PageMessage[]) => of.map(({ id, t }) => ({ id, t }));
    const listed = [...new Set(found.map(({ chat }) => chat))].map((chat) => {
      const own = found.filter((message) => message.chat === chat);
      return {
        chat,
        messages: brief(own.filter(({ isUndecrypted }) => isUndecrypted !== true)),
        undecrypted: brief(own.filter(({ isUndecrypted }) => isUndecrypted === true)),
        lacks: this.unreadable.has(chat) ? 'unreadable' : this.tooLong.has(chat) ? 'too-many' : null,
      } as const;
    });
    await this.afterList();
    return listed;
  }

  async models(ids: readonly string[]): Promise<(string | null)[]> {
    this.portions.push(ids);
    await this.beforeModels(ids);
    return ids.map((id) => (this.gone.has(id) ? null : model(id)));
  }
}

const model = (id: string): string => JSON.stringify({ id, body: `text of ${id}` });

/** As the intake does with what comes while the page tells of it. */
function comesLive(id: string, chat: string, t: number): void {
  page.has(id, chat, t);
  inbox.add({ id, chat, t, raw: model(id) });
}

/** The chat's messages as the bot gets them. */
function handled(chat: string): string[] {
  const order: string[] = [];
  for (let head = inbox.head(chat); head !== undefined; head = inbox.head(chat)) {
    order.push(head.id);
    const message = inbox.get(head.id);
    if (message !== undefined) inbox.update({ ...message, state: 'done', raw: null, settledAt: now * 1_000 });
  }
  return order;
}

describe('messages that the account has sent itself', () => {
  const own = (name: string): string => `true_anna_${name}`;

  test('are journaled in the order of their chat, where the bot listens for them', async () => {
    wantsOwn = true;
    const rounds = catchUp();
    await rounds.run();
    page.has('question', 'anna', now - 30);
    page.has(own('answer'), 'anna', now - 20);
    page.has('thanks', 'anna', now - 10);
    expect(await rounds.run()).toBe(3);
    expect(handled('anna')).toEqual(['question', own('answer'), 'thanks']);
  });

  test('are left alone where the bot doesn’t, and so are those from before it has begun to', async () => {
    inbox.raise('mark', now - 100);
    page.has(own('A'), 'anna', now - 50);
    expect(await catchUp().run()).toBe(0);
    wantsOwn = true;
    expect(await catchUp().run()).toBe(0);
    expect(inbox.fact('own')).toBe(now);
  });

  test('are told of once: those that a worker has heard of are known', async () => {
    wantsOwn = true;
    const rounds = catchUp();
    await rounds.run();
    for (const name of ['A', 'B']) page.has(own(name), 'anna', now - 50);
    inbox.note({ id: own('A'), chat: 'anna', t: now - 50 });
    inbox.note({ id: own('A'), chat: 'anna', t: now - 50 });
    expect(await rounds.run()).toBe(1);
    expect(handled('anna')).toEqual([own('B')]);
    expect(await rounds.run()).toBe(0);
  });
});

describe('a round', () => {
  test('journals what the inbox doesn’t know, as read afterwards, and says how many that were', async () => {
    comesLive('known', 'anna', now - 50);
    page.has('A', 'anna', now - 40);
    page.has('B', 'bela', now - 30);
    expect(await catchUp().run()).toBe(2);
    expect(inbox.get('A')).toMatchObject({
      chat: 'anna',
      t: now - 40,
      raw: model('A'),
      backfilled: true,
      state: 'waiting',
    });
    expect(inbox.get('known')).toMatchObject({ backfilled: false });
    expect(page.portions.flat()).toEqual(['A', 'B']);
  });

  test('leaves alone what was handled already', async () => {
    page.has('A', 'anna', now - 40);
    const rounds = catchUp();
    await rounds.run();
    expect(handled('anna')).toEqual(['A']);
    expect(await rounds.run()).toBe(0);
    expect(handled('anna')).toEqual([]);
  });

  test('tells of each chat that has got something once it is journaled, the one that has waited longest first', async () => {
    page.has('B', 'bela', now - 10);
    page.has('A', 'anna', now - 20);
    page.has('C', 'cleo', now - 30);
    page.has('B0', 'bela', now - 40);
    inbox.add({ id: 'B0', chat: 'bela', t: now - 40, raw: '{}' });
    page.beforeModels = (ids) => {
      for (const chat of chats) expect(inbox.head(chat)).toBeDefined();
      expect(chats).not.toContain(page.messages.find(({ id }) => id === ids[0])?.chat);
    };
    await catchUp().run();
    expect(chats).toEqual(['cleo', 'anna', 'bela']);
  });

  test('asks for two hundred models at a time, and has each of them in its place', async () => {
    const ids = Array.from({ length: 450 }, (_none, index) => `M${index}`);
    for (const [index, id] of ids.entries()) page.has(id, 'anna', now - 450 + index);
    expect(await catchUp().run()).toBe(450);
    expect(page.portions.map(({ length }) => length)).toEqual([200, 200, 50]);
    for (const id of ids) expect(inbox.get(id)?.raw).toBe(model(id));
    expect(handled('anna')).toEqual(ids);
  });

  test('keeps messages of one second in the order of the page', async () => {
    for (const id of ['Z', 'M', 'A']) page.has(id, 'anna', now - 40);
    await catchUp().run();
    expect(handled('anna')).toEqual(['Z', 'M', 'A']);
  });

  test('does without a message that has gone meanwhile', async () => {
    for (const id of ['A', 'gone', 'C']) page.has(id, 'anna', now - 40);
    page.gone.add('gone');
    expect(await catchUp().run()).toBe(2);
    expect(inbox.get('gone')).toBeUndefined();
    expect(handled('anna')).toEqual(['A', 'C']);
  });

  test('of which nothing is new asks for no model and tells of no chat', async () => {
    expect(await catchUp().run()).toBe(0);
    comesLive('A', 'anna', now - 10);
    expect(await catchUp().run()).toBe(0);
    expect({ portions: page.portions, chats, alerts }).toEqual({ portions: [], chats: [], alerts: [] });
  });
});

describe('many chats', () => {
  test('are read in portions of 200 messages, not each by itself', async () => {
    for (let chat = 0; chat < 2_000; chat += 1) page.has(`M${chat}`, `chat ${chat}`, now - 10);
    expect(await catchUp().run()).toBe(2_000);
    expect(page.portions.map((ids) => ids.length)).toEqual(Array.from({ length: 10 }, () => 200));
  });

  test('of which some can’t be read lose nothing by it and get nothing twice: the next round fetches the rest', async () => {
    for (let chat = 0; chat < 600; chat += 1) page.has(`M${chat}`, `chat ${chat}`, now - 1_000 + chat);
    page.beforeModels = (ids) => {
      if (ids.includes('M300')) throw new Error('the page is busy');
    };
    const rounds = catchUp();
    await expect(rounds.run()).rejects.toThrow('the page is busy');
    expect(inbox.counts().waiting).toBe(599);
    page.beforeModels = () => undefined;
    expect(await rounds.run()).toBe(1);
    expect(inbox.counts().waiting).toBe(600);
  });

  test('are left to the next round when the page has failed three times in a row', async () => {
    for (let chat = 0; chat < 2_000; chat += 1) page.has(`M${chat}`, `chat ${chat}`, now - 10);
    page.beforeModels = () => {
      throw new Error('no answer');
    };
    await expect(catchUp().run()).rejects.toThrow('no answer');
    expect(page.portions).toHaveLength(3);
  });
});

test('portions have whole chats in them, in their order, and no more messages than one may have unless a chat has', () => {
  const chats = fc.array(fc.integer({ min: 1, max: 300 }).map((size) => ({ fresh: Array.from({ length: size }) })));
  fc.assert(
    fc.property(chats, (all) => {
      const portions = inPortions(all);
      expect(portions.flat()).toEqual(all);
      for (const some of portions) {
        const size = some.reduce((sum, { fresh }) => sum + fresh.length, 0);
        expect(size <= 200 || some.length === 1).toBe(true);
      }
    }),
  );
});

describe('messages that come during a round', () => {
  test('come after the missed ones of their chat, also those of the same second', async () => {
    page.has('missed', 'anna', now);
    page.afterList = () => comesLive('live', 'anna', now);
    await catchUp().run();
    expect(handled('anna')).toEqual(['missed', 'live']);
  });

  test('come after the missed ones also when they come while the models are read', async () => {
    page.has('missed 1', 'anna', now);
    page.has('missed 2', 'anna', now);
    page.beforeModels = () => comesLive('live', 'anna', now);
    await catchUp().run();
    expect(handled('anna')).toEqual(['missed 1', 'missed 2', 'live']);
  });

  test('and were missed as well, as far as the page is concerned, are handled once, in the order of the page', async () => {
    page.beforeList = () => {
      page.has('missed 1', 'anna', now);
      comesLive('live', 'anna', now);
      page.has('missed 2', 'anna', now);
    };
    expect(await catchUp().run()).toBe(2);
    expect(handled('anna')).toEqual(['missed 1', 'live', 'missed 2']);
  });

  test('with the models still on their way are not handed over twice', async () => {
    page.has('A', 'anna', now);
    page.beforeModels = () => inbox.add({ id: 'A', chat: 'anna', t: now, raw: model('A') });
    expect(await catchUp().run()).toBe(0);
    expect(handled('anna')).toEqual(['A']);
  });
});

describe('rounds', () => {
  test('are one at a time; one that is asked for meanwhile follows, and sees what came meanwhile', async () => {
    const { passed, open } = gate();
    let running = 0;
    page.afterList = async () => {
      running += 1;
      expect(running).toBe(1);
      await passed;
      running -= 1;
    };
    page.has('A', 'anna', now - 10);
    const rounds = catchUp();
    const first = rounds.run();
    await new Promise(setImmediate);
    expect(page.asked).toHaveLength(1);
    page.has('B', 'anna', now - 5);
    const second = rounds.run();
    const third = rounds.run();
    open();
    expect(await Promise.all([first, second, third])).toEqual([1, 1, 1]);
    expect(page.asked).toHaveLength(2);
  });

  test('that are asked for once the second has begun are a third', async () => {
    const rounds = catchUp();
    let asked = 0;
    const more: Promise<number>[] = [];
    page.beforeList = () => {
      asked += 1;
      if (asked < 3) more.push(rounds.run());
    };
    await rounds.run();
    await more[0];
    await more[1];
    expect(page.asked).toHaveLength(3);
    expect(more).toHaveLength(2);
  });

  test('follow one that has failed', async () => {
    page.has('A', 'anna', now - 10);
    const { passed, open } = gate();
    page.beforeList = async () => {
      page.beforeList = () => undefined;
      await passed;
      throw new Error('the page is frozen');
    };
    const rounds = catchUp();
    const first = rounds.run();
    const second = rounds.run();
    open();
    await expect(first).rejects.toThrow('the page is frozen');
    expect(await second).toBe(1);
  });
});

describe('a round that fails', () => {
  test('halfway keeps what it has, and loses nothing: the next one completes it', async () => {
    for (const [index, chat] of ['anna', 'bela', 'cleo'].entries()) page.has(chat, chat, now - 600 + index);
    page.beforeModels = (ids) => {
      if (ids.includes('bela')) throw new Error('the page is frozen');
    };
    inbox.raise('mark', now - 500);
    const rounds = catchUp();
    await expect(rounds.run()).rejects.toThrow('the page is frozen');
    expect(chats).toEqual(['anna', 'cleo']);
    expect(inbox.fact('mark')).toBe(now - 500);
    page.portions.length = 0;
    page.beforeModels = () => undefined;
    expect(await rounds.run()).toBe(1);
    expect(chats).toEqual(['anna', 'cleo', 'bela']);
    expect(page.portions).toEqual([['bela']]);
  });

  test('between two portions of a chat journals none of them: what follows must not come first', async () => {
    for (let index = 0; index < 250; index += 1) page.has(`M${index}`, 'anna', now - 250 + index);
    page.beforeModels = () => {
      if (page.portions.length === 2) throw new Error('the page is frozen');
    };
    const rounds = catchUp();
    await expect(rounds.run()).rejects.toThrow('the page is frozen');
    expect(inbox.head('anna')).toBeUndefined();
    page.beforeModels = () => undefined;
    expect(await rounds.run()).toBe(250);
  });

  test('because one chat can’t be read has the others, and asks for the same again', async () => {
    inbox.raise('mark', now - 900);
    page.has('A', 'anna', now - 800);
    page.has('B', 'bela', now - 10);
    page.unreadable.add('anna');
    const rounds = catchUp();
    await expect(rounds.run()).rejects.toThrow('1 of its chats');
    expect(inbox.fact('mark')).toBe(now - 900);
    expect([handled('anna'), handled('bela')]).toEqual([['A'], ['B']]);
    page.unreadable.clear();
    page.has('late', 'anna', now - 790);
    expect(await rounds.run()).toBe(1);
  });

  test.each(['afterList', 'beforeModels'] as const)(
    'because something was missed once more meanwhile (%s) journals nothing of what it has read, and moves no mark',
    async (moment) => {
      inbox.raise('mark', now - 500);
      page.has('A', 'anna', now - 10);
      page[moment] = () => (losses += 1);
      const rounds = catchUp();
      await expect(rounds.run()).rejects.toThrow(CatchUpOvertaken);
      expect([inbox.fact('mark'), inbox.get('A'), alerts]).toEqual([now - 500, undefined, []]);
      page[moment] = () => undefined;
      expect(await rounds.run()).toBe(1);
    },
  );

  test('says so in a line for people', () => {
    expect(describeCatchUpFailure(new Error('the page is frozen'))).toBe(
      'What came while nobody listened could not be fetched (the page is frozen); it is tried again.',
    );
  });

  test('because the inbox isn’t open doesn’t begin: what was handled can’t be told from what is new', async () => {
    inbox.close();
    await expect(catchUp().run()).rejects.toThrow('inbox can not be opened');
    expect(page.asked).toEqual([]);
  });

  test.each(['afterList', 'beforeModels'] as const)(
    'because the inbox is closed meanwhile (%s) opens it no more, and nobody is told of a fault of the disk',
    async (moment) => {
      page.has('A', 'anna', now - 10);
      page[moment] = () => inbox.close();
      await expect(catchUp().run()).rejects.toThrow('inbox can not be opened');
      expect({ isOpen: inbox.isOpen, troubles, chats }).toEqual({ isOpen: false, troubles: [], chats: [] });
      expect(page.portions).toHaveLength(moment === 'afterList' ? 0 : 1);
    },
  );
});

describe('the page is asked', () => {
  test('at first from the beginning on, then from the newest message on, less the slack', async () => {
    page.has('past', 'anna', now - 2_001);
    page.has('A', 'anna', now - 2_000);
    page.has('B', 'anna', now - 1_000);
    await catchUp({}, now - 2_000).run();
    await catchUp({}, now).run();
    expect(page.asked.map(({ since }) => since)).toEqual([now - 2_000, now - 1_000 - slackSeconds]);
    expect(inbox.get('past')).toBeUndefined();
  });

  test('never for what was there before the beginning, in spite of the slack', async () => {
    page.has('past', 'anna', now - 101);
    for (let round = 1; round <= 3; round += 1) expect(await catchUp({}, now - 100).run()).toBe(0);
    expect(new Set(page.asked.map(({ since }) => since))).toEqual(new Set([now - 100]));
  });

  test('from the same beginning by the next worker when this one has fetched nothing', async () => {
    page.beforeList = () => {
      throw new Error('the page is frozen');
    };
    await expect(catchUp({}, now - 100).run()).rejects.toThrow();
    page.beforeList = () => undefined;
    page.has('A', 'anna', now - 50);
    expect(await catchUp({}, now).run()).toBe(1);
  });

  test('from the beginning that was noted, also by a worker that knows another; a mark is not moved by it', async () => {
    catchUp({}, now - 100).noteBeginning();
    catchUp({}, now).noteBeginning();
    await catchUp({}, now).run();
    expect(page.asked).toMatchObject([{ since: now - 100 }]);
  });

  test('for nothing below what was left out', async () => {
    for (let index = 0; index < 5; index += 1) page.has(`M${index}`, 'anna', now - 50 + index);
    await catchUp({ maxMessages: 2 }).run();
    await catchUp({ maxMessages: 2 }).run();
    expect(inbox.fact('floor')).toBe(now - 47);
    expect(page.asked[1]?.since).toBe(now - 47);
    expect(handled('anna')).toEqual(['M3', 'M4']);
  });

  test('no more for what could not be decrypted for a day', async () => {
    inbox.raise('mark', now - 60);
    inbox.set('undecrypted', now - day - 1);
    await catchUp().run();
    inbox.set('undecrypted', now - day + 1);
    await catchUp().run();
    expect(page.asked.map(({ since }) => since)).toEqual([now - 360, now - day + 1]);
  });

  test('from the beginning on when its mark lies in the future by WhatsApp’s own time', async () => {
    inbox.raise('mark', now + 10 * day);
    inbox.raise('floor', now + 10 * day);
    page.has('A', 'anna', now - 50);
    page.seconds = now;
    expect(await catchUp({}, now - 100).run()).toBe(1);
    expect(inbox.fact('mark')).toBe(now - 50);
  });

  test('from the mark on when it lies in the future by this machine’s clock alone', async () => {
    inbox.raise('mark', now + 2 * day);
    inbox.raise('floor', now + 2 * day - 3_600);
    page.has('before the link', 'anna', now + 2 * day - 4_000);
    page.has('A', 'anna', now + 2 * day - 200);
    expect(await catchUp({}, now).run()).toBe(1);
    expect(inbox.get('before the link')).toBeUndefined();
  });

  test('from the link on when the inbox is lost and this machine’s clock is behind', async () => {
    linkedAt = now + 2 * day;
    page.has('before the link', 'anna', now + day);
    page.has('A', 'anna', now + 2 * day + 5);
    expect(await catchUp({}, now).run()).toBe(1);
    expect(inbox.get('before the link')).toBeUndefined();
  });

  test('as far back as before at a start with a clock that is days ahead, by WhatsApp’s own time', async () => {
    inbox.raise('mark', now - 1_000);
    page.has('A', 'anna', now - 500);
    page.seconds = now - 10 * day;
    inbox.set('mark', now - 10 * day - 1_000);
    page.has('B', 'anna', now - 10 * day - 500);
    expect(await catchUp().run()).toBe(2);
  });

  test('again from a message on that can’t be decrypted yet, until it can', async () => {
    page.has('B', 'anna', now - 10);
    page.has('sealed', 'anna', now - 900, { isUndecrypted: true });
    page.has('sealed, too', 'bela', now - 800, { isUndecrypted: true });
    const rounds = catchUp();
    expect(await rounds.run()).toBe(1);
    expect(inbox.get('sealed')).toBeUndefined();
    expect(inbox.fact('undecrypted')).toBe(now - 900);
    page.messages[1] = { id: 'sealed', chat: 'anna', t: now - 900 };
    expect(await rounds.run()).toBe(1);
    expect(page.asked[1]?.since).toBe(now - 900);
    expect(inbox.fact('undecrypted')).toBe(now - 800);
    page.messages.splice(2, 1);
    await rounds.run();
    expect(inbox.fact('undecrypted')).toBeUndefined();
  });

  test('again from a message on that came undecrypted while the page was being asked', async () => {
    inbox.set('undecrypted', now - 900);
    const rounds = catchUp();
    page.afterList = () => rounds.noteUndecrypted(now - 5);
    await rounds.run();
    expect(inbox.fact('undecrypted')).toBe(now - 5);
    page.afterList = () => undefined;
    await rounds.run();
    expect(inbox.fact('undecrypted')).toBeUndefined();
  });

  test('from the oldest on of those that came undecrypted', () => {
    const rounds = catchUp();
    for (const t of [now - 5, now - 9, now - 7]) rounds.noteUndecrypted(t);
    expect(inbox.fact('undecrypted')).toBe(now - 9);
  });
});

describe('an alert', () => {
  test('tells of messages that are left out because there are too many', async () => {
    for (let index = 0; index < 19; index += 1) page.has(`M${index}`, 'anna', now - 50 + index);
    await catchUp({ maxMessages: 7 }).run();
    expect(alerts).toMatchObject([
      { kind: 'catch-up-cut', sentence: expect.stringMatching(/^12 messages .*more than 7 /) as string },
    ]);
    expect(alerts[0]?.action).toContain('WASUP_CATCH_UP_MAX_MESSAGES');
  });

  test('tells nothing of messages that are known, however many they are', async () => {
    for (let index = 0; index < 19; index += 1) comesLive(`M${index}`, 'anna', now - 50 + index);
    await catchUp({ maxMessages: 7 }).run();
    expect(alerts).toEqual([]);
    expect(inbox.fact('floor')).toBe(now - day);
  });

  test('tells of a chat that has more than is looked through', async () => {
    page.has('A', 'anna', now - 10);
    page.tooLong.add('anna');
    expect(await catchUp().run()).toBe(1);
    expect(alerts).toMatchObject([{ kind: 'catch-up-cut', sentence: expect.stringContaining('A chat') as string }]);
  });

  test('tells nothing when nothing came for longer than that, while somebody listened', async () => {
    inbox.raise('mark', now - 9 * day);
    inbox.set('heard', now - 60);
    await catchUp().run();
    expect(alerts).toEqual([]);
  });

  test('tells once that nobody has listened for longer than messages are fetched for', async () => {
    inbox.raise('mark', now - 9 * day);
    await catchUp().run();
    await catchUp().run();
    expect(alerts).toMatchObject([{ kind: 'catch-up-cut', sentence: expect.stringContaining('(7 days)') as string }]);
    expect(page.asked[0]?.since).toBe(now - 7 * day);
  });

  test('tells nothing of a round that has failed: the next one does', async () => {
    for (let index = 0; index < 19; index += 1) page.has(`M${index}`, 'anna', now - 50 + index);
    page.beforeModels = () => {
      throw new Error('the page is frozen');
    };
    const rounds = catchUp({ maxMessages: 7 });
    await expect(rounds.run()).rejects.toThrow();
    expect(alerts).toEqual([]);
    page.beforeModels = () => undefined;
    await rounds.run();
    expect(alerts).toHaveLength(1);
  });
});

test('whatever comes live or not, and whichever round fails: each message is handled once, in the order of its chat', async () => {
  let runs = 0;
  const message = fc.record({ chat: fc.nat(2), pause: fc.nat(2), isLive: fc.boolean() });
  const step = fc.record({
    before: fc.array(message, { maxLength: 4 }),
    afterList: fc.array(
      message.map((of) => ({ ...of, isLive: true })),
      { maxLength: 2 },
    ),
    fails: fc.constantFrom('never', 'list', 'models'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      inbox.close();
      inbox = openInbox(`run-${(runs += 1)}.db`);
      page = new FakePage();
      let t = now - 100;
      const come = ({ chat, pause, isLive }: { chat: number; pause: number; isLive: boolean }): void => {
        t += pause;
        const id = `M${page.messages.length}`;
        if (isLive) comesLive(id, `chat ${chat}`, t);
        else page.has(id, `chat ${chat}`, t);
      };
      const rounds = catchUp();
      for (const { before, afterList, fails } of [...steps, { before: [], afterList: [], fails: 'never' }]) {
        before.forEach(come);
        page.afterList = () => {
          afterList.forEach(come);
          if (fails === 'list') throw new Error('fails');
        };
        page.beforeModels = () => {
          if (fails === 'models') throw new Error('fails');
        };
        await rounds.run().catch(() => 0);
      }
      for (const chat of ['chat 0', 'chat 1', 'chat 2']) {
        const expected = page.messages.filter((of) => of.chat === chat).map(({ id }) => id);
        expect(handled(chat)).toEqual(expected);
      }
    }),
    { numRuns: 30 },
  );
});
