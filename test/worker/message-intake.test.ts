import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Bot } from '../../bot/define-bot.js';
import { DeadLetters } from '../../shared/inbox/dead-letters.js';
import { Inbox } from '../../shared/inbox/inbox.js';
import { openDatabase } from '../../shared/inbox/inbox-file.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { createOutput } from '../../shared/logger.js';
import { sessionPathsIn } from '../../shared/paths.js';
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import { MessageIntake } from '../../worker/message-intake.js';
import type { SessionContext } from '../../worker/session-context.js';
import { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { makeMessage, type Message, type Page } from '../../worker/whatsapp/library.js';
import { PageEvidence } from '../../worker/whatsapp/page-evidence.js';
import type { MissedChat } from '../../worker/whatsapp/read-missed.js';
import { addressesAttribute } from '../../worker/whatsapp/tell-addresses.js';
import { StoredLoginStrategy } from '../../worker/whatsapp/stored-login-strategy.js';
import { gate } from '../support/gate.js';
import { until } from '../support/until.js';

const account = '12025550100';
const anna = '15551230001@c.us';
const retentionMs = 86_400_000;
const bela = '15551230002@c.us';

let folder: string;
let lives: Life[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-intake-'));
  lives = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const life of lives) life.intake.leave();
  rmSync(folder, { recursive: true, force: true });
});

const seconds = (): number => Math.floor(Date.now() / 1_000);
const settled = (isSo: () => boolean): Promise<true> =>
  until(() => isSo() || undefined, { expectation: () => isSo.toString() });

/** Two functions run in the page: one lists, the other reads models. */
class FakePage {
  readonly messages: { readonly id: string; readonly chat: string; readonly t: number }[] = [];
  readonly asked: number[] = [];
  listing: () => unknown = () => undefined;
  /** What WhatsApp says the time is, in seconds since 1970. */
  time: number | null = null;

  async evaluate(work: { readonly name: string }, ...parameters: unknown[]): Promise<unknown> {
    if (work.name === 'modelsInPage') {
      const [ids] = parameters as [string[]];
      return ids.map((id) =>
        JSON.stringify(
          model(
            id,
            this.messages.find((message) => message.id === id),
          ),
        ),
      );
    }
    if (work.name === 'timeInPage') return this.time;
    if (work.name === 'listInPage') {
      const [names] = parameters as [string[]];
      return { chats: this.listed.filter(({ chat }) => names.includes(chat)), looked: names.length };
    }
    const [since] = parameters as [number];
    this.asked.push(since);
    const listed = this.list(since);
    await this.listing();
    this.listed = listed;
    return listed.map(({ chat }) => chat);
  }

  private listed: MissedChat[] = [];

  private list(since: number): MissedChat[] {
    const found = this.messages.filter(({ t }) => t >= since);
    return [...new Set(found.map(({ chat }) => chat))].map((chat) => ({
      chat,
      messages: found.filter((message) => message.chat === chat),
      undecrypted: [],
      lacks: null,
    }));
  }
}

function model(text: string, { chat = anna, t = seconds() }: { chat?: string; t?: number } = {}, id?: object): object {
  const key = id ?? { fromMe: false, remote: chat, id: text, _serialized: text };
  return { id: key, from: chat, body: `text of ${text}`, type: 'chat', t };
}

/** A worker's life as far as messages are concerned. Its inbox is the account's. */
class Life {
  readonly page = new FakePage();
  readonly sent: WorkerMessage[] = [];
  readonly warnings: string[] = [];
  readonly stopping = new AbortController();
  readonly client: AttachedClient;
  readonly intake: MessageIntake;

  constructor(bot: Bot = {}, { catchUpTimeoutMs = 60_000, timeoutMs = 60_000 } = {}) {
    const { log } = createOutput({ level: 'silent', format: 'json' });
    vi.spyOn(log, 'warn').mockImplementation((line: unknown) => void this.warnings.push(String(line)));
    const handling = {
      attempts: 3,
      waitMs: 100,
      retryDelayMs: 1,
      concurrency: 10,
      timeoutMs,
      retentionMs,
      inboxMaxMb: 256,
      maxAgeMs: 7 * 86_400_000,
      maxMessages: 10_000,
    };
    const context = {
      assignment: { account, incarnation: 7, handling, deadlines: { catchUpTimeoutMs, heartbeatIntervalMs: 60_000 } },
      paths: sessionPathsIn(folder),
      output: { log },
      botLog: log,
      supervisor: { send: (message: WorkerMessage) => Promise.resolve(void this.sent.push(message)) },
    };
    this.intake = new MessageIntake(context as unknown as SessionContext, bot, this.stopping.signal);
    this.client = new AttachedClient({
      incarnation: 7,
      strategy: new StoredLoginStrategy('restore', () => undefined),
      authTimeoutMs: 1_000,
      evidence: new PageEvidence(),
      log,
    });
    this.client.pupPage = this.page as unknown as Page;
    this.intake.listen(this.client);
    lives.push(this);
  }

  /** As the library tells of a message. */
  receives(text: string, more: { chat?: string; t?: number; id?: object; addresses?: string[][] } = {}): void {
    this.page.messages.push({ id: text, chat: more.chat ?? anna, t: more.t ?? seconds() });
    const raw = { ...model(text, more, more.id), ...(more.addresses && { [addressesAttribute]: more.addresses }) };
    const message = makeMessage(this.client, raw);
    for (const event of ['message_create', 'message']) this.client.emit(event, message);
  }

  /** In the page only: nobody has told of it. */
  misses(text: string, { chat = anna, t = seconds() }: { chat?: string; t?: number } = {}): void {
    this.page.messages.push({ id: text, chat, t });
  }

  alerts(): string[] {
    return this.sent.flatMap((message) => (message.type === 'alert' ? [message.kind] : []));
  }
}

/** What the file says, which is what the next worker finds. */
function inFile(id: string): InboxMessage | undefined {
  const { inbox: path } = sessionPathsIn(folder);
  const ignore = (): void => undefined;
  const inbox = new Inbox({ path, now: Date.now, onTrouble: ignore, onSaved: ignore, onRebuilt: ignore });
  try {
    return inbox.get(id);
  } finally {
    inbox.close();
  }
}

function fact(name: string): number | undefined {
  const database = openDatabase(sessionPathsIn(folder).inbox);
  try {
    return (database.prepare('SELECT value FROM facts WHERE name = ?').get(name) as { value: number } | undefined)
      ?.value;
  } finally {
    database.close();
  }
}

function hearing(): { readonly bot: Bot; readonly heard: string[] } {
  const heard: string[] = [];
  return { heard, bot: { onMessage: ({ body }) => void heard.push(body.replace('text of ', '')) } };
}

describe('a message that comes', () => {
  test('is in the file before the page hears that it was taken, and with the bot not before the intake is open', async () => {
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.receives('A');
    expect(inFile('A')).toMatchObject({ chat: anna, state: 'waiting', attempts: 0, backfilled: false });
    expect(JSON.parse(inFile('A')?.raw ?? '')).toEqual(model('A', { t: inFile('A')?.t ?? 0 }));
    expect(life.intake.counts).toMatchObject({ waiting: 1 });
    life.intake.open();
    await settled(() => heard.length === 1);
    await settled(() => inFile('A')?.state === 'done');
  });

  test('is heard by listeners of both events, once each, only from the inbox', async () => {
    const heard: string[] = [];
    const life = new Life();
    for (const event of ['message_create', 'message'])
      life.client.on(event, ({ body }: Message) => heard.push(`${event}: ${body}`));
    life.receives('A');
    expect(heard).toEqual([]);
    life.intake.open();
    await settled(() => heard.length === 2);
    await settled(() => inFile('A')?.state === 'done');
    expect(heard).toEqual(['message_create: text of A', 'message: text of A']);
  });

  test('again is dropped, whatever has become of it, and whichever worker it comes to', async () => {
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.intake.open();
    life.receives('A');
    life.receives('A');
    await settled(() => inFile('A')?.state === 'done');
    life.receives('A');
    life.intake.leave();
    const next = new Life(bot);
    next.intake.open();
    next.receives('A');
    next.receives('B');
    await settled(() => heard.includes('B'));
    expect(heard).toEqual(['A', 'B']);
  });

  test('is known by the same id whether its key has its text under the old name or the new one', async () => {
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.receives('A');
    life.receives('A', { id: { fromMe: false, remote: anna, id: 'A', $1: 'A' } });
    expect(life.intake.counts.waiting).toBe(1);
    life.intake.open();
    await settled(() => inFile('A')?.state === 'done');
    expect(heard).toEqual(['A']);
  });

  test('is known to the next worker under its author’s other address, which the page has said once', async () => {
    const lid = '111111111111111@lid';
    const { bot, heard } = hearing();
    const first = new Life(bot);
    first.intake.open();
    first.receives(`false_${anna}_1`, { addresses: [[lid, anna]] });
    await settled(() => heard.length === 1);
    // What a killed worker leaves: the file as it is.
    cpSync(folder, `${folder}-copy`, { recursive: true });
    first.intake.leave();
    rmSync(folder, { recursive: true, force: true });
    renameSync(`${folder}-copy`, folder);
    const second = new Life(bot);
    second.intake.open();
    second.receives(`false_${lid}_1`, { chat: lid });
    second.receives(`false_${lid}_2`, { chat: lid });
    await settled(() => heard.length === 2);
    expect(heard).toEqual([`false_${anna}_1`, `false_${lid}_2`]);
    expect(inFile(`false_${lid}_2`)?.chat).toBe(anna);
  });

  test('and waits under both addresses of its author is handed over once, in one chat with what is replayed', async () => {
    const lid = '111111111111111@lid';
    let isWell = false;
    const heard: string[] = [];
    const bot: Bot = {
      onMessage: async ({ body }) => {
        if (!isWell) throw new Error('out of order');
        // So many turns of the event loop that what doesn't wait for it comes first.
        for (let turn = 0; turn < 20 && body.endsWith('_1'); turn += 1) await nextTurn();
        heard.push(body.replace('text of ', ''));
      },
    };
    const first = new Life(bot);
    first.intake.open();
    first.receives(`false_${lid}_1`, { chat: lid, t: 1 });
    await settled(() => inFile(`false_${lid}_1`)?.state === 'dead');
    first.intake.leave();
    const second = new Life(bot);
    for (const address of [lid, anna]) second.receives(`false_${address}_2`, { chat: address, t: 2 });
    await settled(() => inFile(`false_${anna}_2`)?.state === 'waiting');
    second.receives(`false_${anna}_3`, { t: 3, addresses: [[lid, anna]] });
    const letters = DeadLetters.open(sessionPathsIn(folder).inbox);
    expect(letters?.replay([`false_${lid}_1`])).toBe(1);
    letters?.close();
    isWell = true;
    second.intake.open();
    await settled(() => heard.includes(`false_${anna}_3`));
    expect(heard.map((id) => id.at(-1))).toEqual(['1', '2', '3']);
  });

  test('without an id that can be known again goes to the listeners as it is, so that it isn’t lost', () => {
    const heard: string[] = [];
    const life = new Life();
    for (const event of ['message_create', 'message']) life.client.on(event, () => heard.push(event));
    life.receives('A', { id: { fromMe: false, unknown: 'A' } });
    expect(heard).toEqual(['message_create', 'message']);
    expect(life.intake.counts).toEqual({ waiting: 0, running: 0, dead: 0 });
  });

  test('of the account’s own goes to the listeners alone', () => {
    const heard: string[] = [];
    const life = new Life();
    life.client.on('message_create', ({ fromMe }: Message) => heard.push(String(fromMe)));
    const own = { fromMe: true, remote: anna, id: 'A', _serialized: 'A' };
    life.client.emit('message_create', makeMessage(life.client, model('A', {}, own)));
    expect(heard).toEqual(['true']);
    expect(life.intake.counts.waiting).toBe(0);
  });

  test('is noted with its time', () => {
    const life = new Life();
    expect(life.intake.lastMessageAt).toBeNull();
    life.receives('A');
    expect(Date.parse(life.intake.lastMessageAt ?? '')).toBeLessThanOrEqual(Date.now());
  });

  test('on which the bot fails as often as it may is parked, and told of', async () => {
    const life = new Life({
      onMessage: () => {
        throw new Error('no such city');
      },
    });
    life.intake.open();
    life.receives('A');
    await settled(() => life.alerts().includes('message-parked'));
    expect(inFile('A')).toMatchObject({ state: 'dead', error: 'no such city', attempts: 3 });
  });
});

describe('a bot whose handlers are all busy', () => {
  test('is told of as behind while the next message of another chat waits for longer than it may, and then no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const ends: (() => void)[] = [];
    const life = new Life({ onMessage: () => new Promise<void>((resolve) => void ends.push(resolve)) });
    const told: unknown[] = [];
    life.intake.watchBacklog((backlog) => void told.push(backlog));
    life.intake.open();
    for (let n = 0; n < 11; n += 1) life.receives(`${n}`, { chat: `120255501${n + 10}@c.us` });
    await settled(() => ends.length === 10);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([]);
    await settled(() => {
      vi.advanceTimersByTime(1_000);
      return told.length > 0;
    });
    expect(told).toEqual(['handlers']);
    ends[0]?.();
    await settled(() => ends.length === 11);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['handlers', undefined]);
    for (const end of ends) end();
  });
});

describe('messages that come late', () => {
  /** Longer than messages may wait; they are dated to the second. */
  const late = (): number => seconds() - 3;

  test('are a backlog of arrival, until one comes in time', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const told: unknown[] = [];
    const life = new Life();
    life.page.time = seconds();
    life.intake.watchBacklog((backlog) => void told.push(backlog));
    await life.intake.catchUp();
    life.intake.open();
    // What was written while nothing was heard comes just after it.
    for (let n = 0; n < 20; n += 1) life.receives(`just after ${n}`, { t: late() });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([]);
    for (let n = 0; n < 20; n += 1) life.receives(`late ${n}`, { t: late() });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['arrival']);
    life.receives('in time', { t: seconds() + 2 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['arrival', undefined]);
  });

  test('say nothing where WhatsApp’s time isn’t known: the clock of this machine may be wrong', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const told: unknown[] = [];
    const life = new Life();
    life.intake.watchBacklog((backlog) => void told.push(backlog));
    life.intake.open();
    await vi.advanceTimersByTimeAsync(1_000);
    for (let n = 0; n < 20; n += 1) life.receives(`late ${n}`, { t: late() });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([]);
  });
});

describe('a message that the journal throws for', () => {
  function watched(bot: Bot): { readonly life: Life; readonly faults: (string | undefined)[] } {
    const life = new Life(bot);
    const faults: (string | undefined)[] = [];
    life.intake.watchFault((fault) => faults.push(fault?.reason));
    return { life, faults };
  }
  const words = (error: string): string => `Incoming messages can't be journaled (${error}); they are kept in memory`;

  test('whatever it throws, is kept, told of, and handled in its order once the journal takes it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { bot, heard } = hearing();
    const { life, faults } = watched(bot);
    life.intake.open();
    const add = vi.spyOn(Inbox.prototype, 'add').mockImplementation(() => {
      throw new TypeError('no such member');
    });
    for (const id of ['A', 'B']) life.receives(id, { t: 100 });
    life.receives('C', { t: 100, chat: bela });
    expect(life.intake.fault).toBe(words('no such member'));
    vi.advanceTimersByTime(5_000);
    expect(life.alerts()).toEqual(['inbox-unwritable']);
    add.mockRestore();
    // One of the same chat that comes before the others are in the inbox is handled after them.
    life.receives('D', { t: 100 });
    vi.advanceTimersByTime(1_000);
    expect(life.intake.fault).toBeUndefined();
    expect(faults).toEqual([words('no such member'), undefined]);
    await settled(() => heard.length === 4);
    expect(heard.filter((id) => id !== 'C')).toEqual(['A', 'B', 'D']);
  });

  test('in the file alone is handled from memory, with others, and is written later', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { bot, heard } = hearing();
    const { life, faults } = watched(bot);
    life.intake.open();
    const database = openDatabase(sessionPathsIn(folder).inbox);
    database.exec("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END");
    for (const id of ['A', 'B']) life.receives(id);
    await settled(() => heard.length === 2);
    vi.advanceTimersByTime(3_000);
    expect(life.intake.fault).toMatch(/refused/);
    database.exec('DROP TRIGGER refuse');
    database.close();
    vi.advanceTimersByTime(1_000);
    expect(inFile('B')).toMatchObject({ state: 'done' });
    expect([faults.length, faults.at(-1)]).toEqual([2, undefined]);
    expect(life.alerts()).toEqual(['inbox-unwritable']);
  });

  test('is taken in as long as there is room in memory; then the page keeps what comes until there is some again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const onIncoming = vi.spyOn(AttachedClient.prototype, 'onIncoming');
    const { bot, heard } = hearing();
    const { life, faults } = watched(bot);
    const taken = onIncoming.mock.lastCall?.[1];
    const database = openDatabase(sessionPathsIn(folder).inbox);
    database.exec("CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END");
    const large = 'x'.repeat(1_000_000);
    let count = 0;
    const comes = async (): Promise<'kept' | 'waits'> => {
      life.receives(`${large}${(count += 1)}`);
      await nextTurn();
      return Promise.race([Promise.resolve(taken?.()).then(() => 'kept' as const), nextTurn('waits' as const)]);
    };
    while ((await comes()) === 'kept') expect(count).toBeLessThan(40);
    // The id is in the row, too, in its text and in its body.
    expect(count).toBeGreaterThan(5);
    expect(faults.at(-1)).toMatch(/refused.*as many are kept in memory as may; others wait in the page/);
    const waiting = Promise.resolve(taken?.());
    // What is handled makes room, though nothing can be written yet.
    life.intake.open();
    await settled(() => heard.length === count);
    vi.advanceTimersByTime(1_000);
    await waiting;
    expect(faults.at(-1)).toMatch(/refused.*they are kept in memory$/);
    database.exec('DROP TRIGGER refuse');
    database.close();
    vi.advanceTimersByTime(1_000);
    expect(faults.at(-1)).toBeUndefined();
    expect(inFile(`${large}${count}`)).toMatchObject({ state: 'done' });
  });

  test('has no mark raised past it', () => {
    const { life } = watched({});
    vi.spyOn(Inbox.prototype, 'add').mockImplementationOnce(() => {
      throw new Error('once');
    });
    life.receives('A', { t: seconds() });
    life.intake.leave();
    expect(fact('mark')).toBeUndefined();
  });

  test('and has no time that could be kept counts as of now', () => {
    const { life } = watched({});
    life.receives('A', { t: 1e300 });
    expect(Math.abs((inFile('A')?.t ?? 0) - seconds())).toBeLessThan(60);
    expect(life.intake.fault).toBeUndefined();
  });
});

describe('what came while nobody listened', () => {
  test('comes before what came afterwards', async () => {
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.misses('missed', { t: seconds() + 1 });
    life.receives('live', { t: seconds() + 2 });
    expect(await life.intake.catchUp()).toBe(1);
    life.intake.open();
    await settled(() => heard.length === 2);
    expect(heard).toEqual(['missed', 'live']);
  });

  test('is fetched again by itself when that has failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.intake.open();
    let failures = 2;
    life.page.listing = () => {
      if ((failures -= 1) >= 0) throw new Error('the page is frozen');
    };
    life.misses('missed', { t: seconds() + 1 });
    expect(await life.intake.catchUp()).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(life.page.asked).toHaveLength(2);
    // Twice as long each time.
    await vi.advanceTimersByTimeAsync(9_000);
    expect(life.page.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(life.page.asked).toHaveLength(3);
    await vi.waitUntil(() => heard.includes('missed'));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(life.page.asked).toHaveLength(3);
  });

  test('is told of once when it can’t be fetched three times in a row', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const life = new Life();
    life.intake.open();
    life.page.listing = () => {
      throw new Error('the page is frozen');
    };
    await life.intake.catchUp();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(life.alerts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(life.alerts()).toEqual(['catch-up-failing']);
  });

  test('is known to the next worker as not journaled until it is', async () => {
    const life = new Life();
    expect([life.intake.isBehind, life.intake.isDue]).toEqual([false, true]);
    life.intake.noteLoss('connection');
    life.intake.leave();
    const next = new Life();
    expect(next.intake.isBehind).toBe(true);
    await next.intake.catchUp();
    expect([next.intake.isBehind, next.intake.isDue]).toEqual([false, false]);
    next.intake.noteLoss('connection');
    expect(next.intake.isDue).toBe(true);
  });

  test('is fetched by nobody once the worker is about to stop', async () => {
    const life = new Life();
    life.stopping.abort();
    expect(await life.intake.catchUp()).toBe(0);
    expect(life.page.asked).toEqual([]);
  });

  test('goes on being fetched when that takes longer than a step of it may', async () => {
    const { passed, open } = gate();
    const life = new Life({}, { catchUpTimeoutMs: 20 });
    life.page.listing = () => passed;
    life.misses('missed', { t: seconds() + 1 });
    expect(await life.intake.catchUpInTime()).toBe(0);
    open();
    await settled(() => life.intake.counts.waiting === 1);
  });

  test('since the device was linked is fetched by the next worker when this one has not got so far', async () => {
    const life = new Life();
    const before = seconds();
    life.intake.noteLinked();
    life.intake.leave();
    const linked = fact('mark') ?? 0;
    expect(linked).toBeGreaterThanOrEqual(before);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    const next = new Life();
    next.misses('past', { t: linked - 1 });
    next.misses('missed', { t: linked });
    expect(await next.intake.catchUp()).toBe(1);
    expect(inFile('past')).toBeUndefined();
  });

  test('is not forgotten over a device that is linked again', () => {
    const life = new Life();
    life.intake.leave();
    const database = openDatabase(sessionPathsIn(folder).inbox);
    database.exec("INSERT INTO facts VALUES ('mark', 1000)");
    database.close();
    const next = new Life();
    next.intake.noteLinked();
    next.intake.leave();
    expect(fact('mark')).toBe(1_000);
  });
});

describe('a loss of the connection', () => {
  test('keeps what comes from the bot until it is back and what was missed is there', async () => {
    const { bot, heard } = hearing();
    const life = new Life(bot);
    await life.intake.catchUp();
    life.intake.open();
    life.intake.noteLoss('connection');
    life.misses('missed', { t: seconds() + 1 });
    life.receives('live', { t: seconds() + 2 });
    life.receives('other', { chat: bela });
    expect(life.intake.counts).toMatchObject({ waiting: 2 });
    await life.intake.resume();
    await settled(() => heard.length === 3);
    expect(heard.filter((id) => id !== 'other')).toEqual(['missed', 'live']);
  });

  test('while the page goes on telling is fetched once no more is lost, and keeps nothing else from the bot', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { bot, heard } = hearing();
    const life = new Life(bot);
    await life.intake.catchUp();
    const asked = life.page.asked.length;
    life.intake.open();
    life.misses('missed', { chat: bela, t: seconds() + 1 });
    for (let gap = 1; gap <= 5; gap += 1) {
      life.intake.noteGap();
      life.receives(`live ${gap}`);
      await vi.waitUntil(() => heard.includes(`live ${gap}`));
      await vi.advanceTimersByTimeAsync(3_000);
    }
    expect(life.page.asked).toHaveLength(asked);
    expect([life.intake.isBehind, heard.includes('missed')]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitUntil(() => heard.includes('missed'));
    await vi.waitUntil(() => !life.intake.isBehind);
  });

  test('during a round is not made good by that round: the mark waits for the next one', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { passed, open } = gate();
    const life = new Life();
    const later = seconds() + 100;
    life.page.listing = () => passed;
    const round = life.intake.catchUp();
    life.intake.noteLoss('connection');
    open();
    await round;
    life.receives('live', { t: later });
    vi.advanceTimersByTime(5_000);
    expect(fact('mark')).toBeLessThan(later);
    await life.intake.resume();
    vi.advanceTimersByTime(5_000);
    expect(fact('mark')).toBe(later);
  });

  test('while it is being made good leaves the bot without messages until the connection is back', async () => {
    const { bot, heard } = hearing();
    const { passed, open } = gate();
    const life = new Life(bot);
    life.intake.open();
    life.intake.noteLoss('connection');
    life.receives('live');
    life.page.listing = () => passed;
    const resumed = life.intake.resume();
    life.intake.noteLoss('connection');
    open();
    await resumed;
    expect(life.intake.counts).toMatchObject({ waiting: 1, running: 0 });
    await life.intake.resume();
    await settled(() => heard.length === 1);
  });

  test('does not leave the bot without messages when what was missed can’t be fetched at once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const { bot, heard } = hearing();
    const life = new Life(bot);
    life.intake.open();
    life.intake.noteLoss('connection');
    life.misses('missed', { chat: bela, t: seconds() + 1 });
    life.receives('live');
    life.page.listing = () => {
      life.page.listing = () => undefined;
      throw new Error('the page is frozen');
    };
    await life.intake.resume();
    await vi.waitUntil(() => heard.includes('live'));
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitUntil(() => heard.includes('missed'));
  });
});

describe('the mark', () => {
  test('follows what comes once all that came before is journaled, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const life = new Life();
    const later = seconds() + 100;
    life.receives('A', { t: later });
    vi.advanceTimersByTime(5_000);
    expect(fact('mark')).toBeUndefined();
    life.page.messages.length = 0;
    await life.intake.catchUp();
    vi.advanceTimersByTime(5_000);
    expect(fact('mark')).toBe(later);
    life.receives('B', { t: later + 9 });
    life.intake.leave();
    expect(fact('mark')).toBe(later + 9);
  });

  test('doesn’t keep a message from being fetched that came and could not be decrypted', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 1_000_000 });
    const life = new Life();
    await life.intake.catchUp();
    const early = seconds();
    life.client.emit('message_ciphertext', makeMessage(life.client, model('sealed', { t: early })));
    vi.setSystemTime(Date.now() + 900_000);
    life.receives('A', { t: seconds() });
    life.intake.leave();
    vi.useRealTimers();
    const next = new Life();
    next.misses('sealed', { t: early });
    expect(await next.intake.catchUp()).toBe(1);
  });
});

describe('a dead letter', () => {
  test('that is older than what is kept is forgotten, and somebody is told', async () => {
    const life = new Life({ onMessage: () => Promise.reject(new Error('no')) });
    await life.intake.catchUp();
    life.intake.open();
    life.receives('A');
    await settled(() => inFile('A')?.state === 'dead');
    life.intake.leave();
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.now() + 2 * retentionMs });
    const next = new Life();
    await next.intake.catchUp();
    next.receives('B');
    vi.advanceTimersByTime(2_000);
    expect(inFile('A')).toBeUndefined();
    expect(next.warnings).toEqual([
      expect.stringMatching(/^A dead letter is older than WASUP_INBOX_RETENTION_MS, and/),
    ]);
  });
});

describe('an end in order', () => {
  test('waits for running handlers, and lets them answer', async () => {
    const { passed, open } = gate();
    let began = false;
    const answers: unknown[] = [];
    const life = new Life({
      onMessage: async (_message, context) => {
        began = true;
        await passed;
        await context.reply('hi');
      },
    });
    vi.spyOn(life.client, 'sendMessage').mockImplementation((_chat, content) => {
      answers.push(content);
      return Promise.resolve(undefined as never);
    });
    life.intake.open();
    life.receives('A');
    await settled(() => began);
    life.stopping.abort();
    const stopped = life.intake.stop(60_000);
    open();
    await stopped;
    expect(answers).toEqual(['hi']);
    expect(inFile('A')).toMatchObject({ state: 'done' });
  });

  test('leaves what is still running to the next worker, which begins with it anew; no death is counted', async () => {
    const signals: AbortSignal[] = [];
    const life = new Life({
      onMessage: (_message, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    life.intake.open();
    life.receives('A');
    life.receives('B');
    await settled(() => signals.length === 1);
    await life.intake.stop(20);
    expect(signals[0]?.aborted).toBe(true);
    expect(inFile('A')).toMatchObject({ state: 'waiting', deaths: 0 });
    const { bot, heard } = hearing();
    const next = new Life(bot);
    next.intake.open();
    await settled(() => heard.length === 2);
    expect(heard).toEqual(['A', 'B']);
  });

  test('begins with nothing more, and tells of no fault of the disk, also while the page is being read', async () => {
    const { bot, heard } = hearing();
    const { passed, open } = gate();
    const life = new Life(bot);
    life.page.listing = () => passed;
    life.misses('missed', { t: seconds() + 1 });
    const round = life.intake.catchUp();
    life.stopping.abort();
    await life.intake.stop(60_000);
    open();
    expect(await round).toBe(0);
    life.intake.open();
    expect(heard).toEqual([]);
    expect(life.alerts()).toEqual([]);
    const next = new Life(bot);
    next.misses('missed', { t: seconds() + 1 });
    expect(await next.intake.catchUp()).toBe(1);
  });
});

test('a worker that has died over a message has it handled again, counted against it', async () => {
  let began = false;
  const life = new Life({
    onMessage: () => {
      began = true;
      return new Promise(() => undefined);
    },
  });
  life.intake.open();
  life.receives('A');
  await settled(() => began);
  const attempts: number[] = [];
  const next = new Life({ onMessage: (_message, { attempt }) => void attempts.push(attempt) });
  next.intake.open();
  await settled(() => attempts.length === 1);
  expect(attempts).toEqual([2]);
  await settled(() => inFile('A')?.state === 'done');
  expect(inFile('A')).toMatchObject({ deaths: 1 });
});

describe('a life that is replaced because it has more memory than it may', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  /** @param atOnce what comes, and is with its handler when the memory runs out. */
  async function runOut(onMessage: NonNullable<Bot['onMessage']>, ...atOnce: string[]): Promise<Life> {
    let begun = 0;
    const life = new Life({ onMessage: (message, context) => ((begun += 1), onMessage(message, context)) });
    await life.intake.catchUp();
    for (const text of atOnce) life.receives(text, { chat: `${text}@c.us` });
    life.intake.open();
    await settled(() => begun > 0);
    life.intake.noteFault('memory');
    await life.intake.stop(20);
    return life;
  }

  test('three times over the same message, and that alone, has parked it', async () => {
    await runOut(never, 'A');
    expect(inFile('A')).toMatchObject({ state: 'waiting', deaths: 1 });
    await runOut(never);
    const { sent } = await runOut(never);
    expect(inFile('A')).toMatchObject({
      state: 'dead',
      error: 'The memory has run out 3 times while the bot was at this message and at nothing else',
    });
    expect(sent).toContainEqual(expect.objectContaining({ type: 'alert', kind: 'message-parked' }));
  });

  test('holds nothing against a message whose handler ends in time, nor against one that is replaced for another reason', async () => {
    await runOut(() => new Promise((resolve) => setTimeout(resolve, 5)), 'A');
    expect(inFile('A')).toMatchObject({ state: 'done', deaths: 0 });
    const life = new Life({ onMessage: never });
    await life.intake.catchUp();
    life.receives('B');
    life.intake.open();
    await settled(() => inFile('B')?.state === 'running');
    await life.intake.stop(1);
    expect(inFile('B')).toMatchObject({ state: 'waiting', deaths: 0 });
  });

  test('never parks messages of which several are with their handlers each time', async () => {
    for (let life = 0; life < 2; life += 1) await runOut(never, ...(life === 0 ? ['A', 'B'] : []));
    expect([inFile('A')?.state, inFile('B')?.state]).toEqual(['waiting', 'waiting']);
  });
});

describe('that the bot has been given what waited', () => {
  test('is said of a message with which a worker has died before when that is handled, and of others at once', async () => {
    const held = gate();
    const dying = new Life({ onMessage: () => new Promise(() => undefined) });
    await dying.intake.catchUp();
    dying.receives('A');
    dying.intake.open();
    await settled(() => inFile('A')?.state === 'running');
    dying.intake.noteFault('worker');
    await dying.intake.stop(1);
    const next = new Life({ onMessage: () => held.passed });
    await next.intake.catchUp();
    next.intake.open();
    let isGiven = false;
    const given = next.intake.firstGiven().then(() => (isGiven = true));
    await settled(() => inFile('A')?.state === 'running');
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isGiven).toBe(false);
    held.open();
    await given;
    const other = new Life({ onMessage: () => new Promise(() => undefined) });
    await other.intake.catchUp();
    other.receives('B');
    other.intake.open();
    await other.intake.firstGiven();
  });
});

test('that the bot has dealt with a message is said once in each life, and not of one that it has failed on', async () => {
  const saysHandled = ({ sent }: Life): number => sent.filter(({ type }) => type === 'handled').length;
  const life = new Life({
    onMessage: ({ body }) => (body === 'text of bad' ? Promise.reject(new Error('no such city')) : Promise.resolve()),
  });
  await life.intake.catchUp();
  life.receives('bad', { chat: bela });
  life.intake.open();
  await settled(() => (inFile('bad')?.attempts ?? 0) > 1);
  expect(saysHandled(life)).toBe(0);
  for (const text of ['A', 'B']) life.receives(text);
  await settled(() => inFile('B')?.state === 'done');
  expect(saysHandled(life)).toBe(1);
});
