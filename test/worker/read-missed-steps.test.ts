import { afterEach, beforeEach, expect, it } from 'vitest';

import { chatsAtOnce } from '../../worker/whatsapp/list-in-steps.js';
import type { Page } from '../../worker/whatsapp/library.js';
import { listMissed, readModels } from '../../worker/whatsapp/read-missed.js';

const timeoutMs = 60_000;

let page: SteppedPage;

beforeEach(() => (page = new SteppedPage()));
afterEach(() => page.close());

it('no step lists more than 2,000 messages but for those of its last chat, and all are listed', async () => {
  page.add(60, 150);
  const found = await listMissed(page.asPage, 0, null, timeoutMs);
  expect(found.flatMap(({ messages }) => messages)).toHaveLength(60 * 150);
  const steps = page.listed();
  expect(Math.max(...steps)).toBeLessThanOrEqual(2_000 + 150);
  expect(steps.length).toBeLessThan(10);
});

it('no step goes on with another chat when it has taken its 50 ms, nor with more than 100', async () => {
  page.add(chatsAtOnce + 5, 1);
  page.takes = { loading: 30, reading: 0 };
  const found = await listMissed(page.asPage, 0, null, timeoutMs, { milliseconds: 50, messages: 1e9, size: 1e9 });
  expect(found).toHaveLength(chatsAtOnce + 5);
  // 30 ms each: the second begins within the 50 ms, the third doesn't.
  expect(Math.max(...page.listed())).toBeLessThanOrEqual(2);
  await listMissed(page.asPage, 0, null, timeoutMs);
  expect(Math.max(...page.listed())).toBeLessThanOrEqual(2);
  page.takes = { loading: 0, reading: 0 };
  await listMissed(page.asPage, 0, null, timeoutMs, { milliseconds: 1e9, messages: 1e9, size: 1e9 });
  expect(page.listed()).toEqual([chatsAtOnce, 5]);
});

it('no step brings more than a megabyte of models but for a single one, and all come in their order', async () => {
  const ids = page.add(1, 12);
  page.size = 300_000;
  expect((await readModels(page.asPage, ids, timeoutMs)).map(idOf)).toEqual(ids);
  expect(page.read()).toEqual([3, 3, 3, 3]);
  page.size = 1_500_000;
  expect((await readModels(page.asPage, ids, timeoutMs)).map(idOf)).toEqual(ids);
  expect(page.read()).toEqual(ids.map(() => 1));
});

it('no step goes on with another model when it has taken its 50 ms', async () => {
  const ids = page.add(1, 10);
  page.takes = { loading: 0, reading: 30 };
  expect((await readModels(page.asPage, ids, timeoutMs)).map(idOf)).toEqual(ids);
  expect(Math.max(...page.read())).toBeLessThanOrEqual(2);
});

function idOf(model: string | null): unknown {
  return (JSON.parse(model ?? 'null') as { id: string } | null)?.id;
}

interface Message {
  readonly id: string;
  readonly t: number;
  readonly type: string;
}

/** A page whose clock moves only by what is done in it. */
class SteppedPage {
  /** Milliseconds that it takes to load more of a chat, and to make a model of a message. */
  takes = { loading: 0, reading: 0 };
  /** Characters of a model. */
  size = 0;
  readonly #chats: { id: string; t: number; msgs: { getModelsArray(): Message[] } }[] = [];
  readonly #messages = new Map<string, Message>();
  readonly #now = performance.now.bind(performance);
  #answers: unknown[] = [];
  #passed = 0;

  constructor() {
    performance.now = () => this.#passed;
    const modules: Record<string, object> = {
      WAWebCollections: {
        Chat: { getModelsArray: () => this.#chats },
        Msg: { get: (id: string) => this.#messages.get(id) },
      },
      WAWebChatLoadMessages: {
        loadEarlierMsgs: () => {
          this.#passed += this.takes.loading;
          return Promise.resolve([]);
        },
      },
    };
    const getMessageModel = ({ id }: Message): object => {
      this.#passed += this.takes.reading;
      return { id, text: 'x'.repeat(this.size) };
    };
    (globalThis as { window?: unknown }).window = {
      require: (name: string) => modules[name],
      WWebJS: { getMessageModel },
    };
  }

  get asPage(): Page {
    const evaluate = async (work: (...all: unknown[]) => unknown, ...parameters: unknown[]): Promise<unknown> => {
      const answer = await work(...parameters);
      this.#answers.push(answer);
      return answer;
    };
    return { evaluate } as unknown as Page;
  }

  /** @returns the ids of the messages. */
  add(chats: number, each: number): string[] {
    const ids: string[] = [];
    for (let chat = 0; chat < chats; chat += 1) {
      const messages = Array.from({ length: each }, (_, n) => ({ id: `${chat}.${n}`, t: n + 1, type: 'chat' }));
      for (const message of messages) this.#messages.set(message.id, message);
      this.#chats.push({ id: `${chat}@c.us`, t: each, msgs: { getModelsArray: () => messages } });
      ids.push(...messages.map(({ id }) => id));
    }
    return ids;
  }

  /** How many messages each step has listed since the last call. */
  listed(): number[] {
    const answers = this.#take().slice(1) as { chats: { messages: unknown[] }[] }[];
    return answers.map(({ chats }) => chats.reduce((sum, { messages }) => sum + messages.length, 0));
  }

  /** How many models each step has brought since the last call. */
  read(): number[] {
    return (this.#take() as unknown[][]).map(({ length }) => length);
  }

  close(): void {
    performance.now = this.#now;
    delete (globalThis as { window?: unknown }).window;
  }

  #take(): unknown[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }
}
