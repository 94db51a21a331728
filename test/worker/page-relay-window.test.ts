import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';

import type { Inheritance, PageRelay } from '../../worker/whatsapp/page-relay.js';
import { installRelay, relayArguments, relayBinding } from '../../worker/whatsapp/page-relay.js';

const [version, binding, kept, bounds] = relayArguments;

afterEach(() => {
  delete (globalThis as { window?: unknown }).window;
});

it('at any moment a worker has no more before it than the bounds say; each call comes in its order, and to nobody once it is answered', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('call' as const), size: fc.integer({ min: 0, max: 60 }) }) },
    // Alone more than may be before a worker.
    { weight: 1, arbitrary: fc.constant({ do: 'call' as const, size: 500 }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), calls: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'hold' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'adopt' as const }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const page = new Page({ ahead: 4, aheadSize: 400, takeOvers: 1_000 });
      for (const each of steps) {
        if (each.do === 'call') page.call(each.size);
        else if (each.do === 'answer') page.answer(each.calls);
        else if (each.do === 'hold') page.relay.hold();
        else page.adopt();
        expect(page.ahead.length).toBeLessThanOrEqual(4);
        if (page.ahead.length > 1) expect(page.ahead.join('').length).toBeLessThanOrEqual(400);
        expect(page.ahead.map(numberOf)).toEqual([...page.ahead.map(numberOf)].sort((one, other) => one - other));
      }
      page.adopt();
      while (page.ahead.length > 0) page.answer(1);
      expect(page.answered).toEqual(Array.from({ length: page.calls }, (_, index) => index + 1));
    }),
  );
});

it('what is beyond the size that is kept goes, the oldest that waits first, and the worker is told before what comes next', () => {
  const page = new Page({ ahead: 1, keptSize: 1_200 });
  for (let n = 1; n <= 5; n += 1) page.call(300);
  page.answer(1);
  expect(page.ahead.map(nameAndFirst)).toEqual([
    ['onDropped', 2],
    ['onAddMessageEvent', { n: 4, text: 'x'.repeat(300) }],
  ]);
  expect(page.relay.dropped).toBe(2);
  while (page.ahead.length > 0) page.answer(1);
  expect(page.answered.slice(1)).toEqual([4, 5]);
});

it('a worker that dies before it has dealt with the news that something was dropped leaves them to the next one', () => {
  const page = new Page({ ahead: 1, kept: 2 });
  for (let n = 1; n <= 4; n += 1) page.call(1);
  page.answer(1);
  expect(page.ahead.map(nameAndFirst)[0]).toEqual(['onDropped', 2]);
  expect(page.adopt()).toMatchObject({ dropped: 2 });
  expect(page.adopt()).toMatchObject({ dropped: 0 });
});

it('the news that something was dropped is for one worker alone: no other gets it once it is answered', () => {
  const page = new Page({ ahead: 1, kept: 2 });
  for (let n = 1; n <= 4; n += 1) page.call(1);
  page.answer(1);
  page.answer(1);
  expect(page.adopt()).toMatchObject({ dropped: 0 });
});

it('a worker has 300 calls or 4 MB before it at most, and 10,000 of a kind or 32 MB are kept', () => {
  const many = new Page({});
  for (let n = 1; n <= 10_003; n += 1) many.call(1);
  expect([many.ahead.length, many.relay.dropped]).toEqual([300, 3]);
  const large = new Page({});
  for (let n = 1; n <= 33; n += 1) large.call(999_000);
  expect([large.ahead.length, large.relay.dropped]).toEqual([4, 1]);
});

it('too many of one kind cost no other kind anything', () => {
  const page = new Page({ ahead: 1, kept: 2 });
  for (const name of ['onReaction', 'onReaction']) page.call(1, name);
  for (let n = 1; n <= 4; n += 1) page.call(1);
  expect(page.relay.dropped).toBe(2);
  page.answer(1);
  const seen: unknown[] = [];
  while (page.ahead.length > 0) {
    seen.push(...page.ahead.map(nameAndFirst).map(([name]) => name));
    page.answer(page.ahead.length);
  }
  expect(seen).toEqual(['onDropped', 'onReaction', 'onAddMessageEvent', 'onAddMessageEvent']);
});

it('messages that were dropped are none that the worker should have had, and news of a group are no messages', () => {
  const page = new Page({ ahead: 1, kept: 3 });
  page.attach();
  page.call(1, 'onAddMessageEvent', 'gp2');
  expect(page.relay.messages).toBe(0);
  page.answer(1);
  for (let n = 1; n <= 4; n += 1) {
    page.call(1);
    expect(page.relay.messages).toBe(1);
  }
  page.call(1, 'onAddMessageEvent', 'gp2');
  expect(page.relay.messages).toBe(1);
  while (page.ahead.length > 0) page.answer(1);
  expect(page.relay.messages).toBe(2);
});

it('messages that wait in the page are none that the worker should have had', () => {
  const page = new Page({ ahead: 2 });
  for (let n = 1; n <= 5; n += 1) page.call(1);
  page.adopt();
  expect(page.relay.messages).toBe(2);
  page.answer(1);
  expect(page.relay.messages).toBe(3);
  page.answer(4);
  expect(page.relay.messages).toBe(5);
});

it('a call that the worker goes on with for longer keeps no others waiting, and is kept for the next worker', () => {
  const page = new Page({ ahead: 1 });
  page.call(1);
  page.call(1);
  expect(page.ahead.map(numberOf)).toEqual([1]);
  page.relay.answerAll([[idOf(page.ahead[0] ?? ''), null]]);
  expect(page.ahead.map(numberOf)).toEqual([1, 2]);
  expect(page.adopt().calls.map(numberOf)).toEqual([1]);
});

/** A page with the relay in it, and the worker that it calls. */
class Page {
  readonly relay: PageRelay & { adopt(incarnation: number): Inheritance };
  /** What the worker has been told of and hasn't answered. */
  ahead: string[] = [];
  /** Numbers of calls, in the order of their answers. */
  readonly answered: number[] = [];
  calls = 0;

  constructor(more: Partial<typeof bounds>) {
    const window: Record<string, unknown> = { [relayBinding]: (call: string) => this.ahead.push(call) };
    (globalThis as { window?: unknown }).window = window;
    installRelay(version, binding, kept, { ...bounds, ...more });
    this.relay = window['wasup'] as Page['relay'];
    for (const name of ['onAddMessageEvent', 'onReaction']) this.relay.define(name);
    this.#window = window;
  }

  /** As the library's listeners are: from now on the page counts its messages. */
  attach(): void {
    const nothing = { on: () => undefined, once: () => undefined, off: () => undefined };
    const Msg = { ...nothing, on: (_: string, listener: (message: object) => void) => (this.#added = listener) };
    this.#window['require'] = () => ({ Msg, Chat: nothing });
    this.relay.attach(2);
  }

  #added: (message: object) => void = () => undefined;

  readonly #window: Record<string, unknown>;

  call(size: number, name = 'onAddMessageEvent', type = 'chat'): void {
    this.calls += 1;
    if (name === 'onAddMessageEvent') this.#added({ isNewMsg: true, type });
    const call = this.#window[name] as (parameter: unknown) => Promise<unknown>;
    void call({ n: this.calls, text: 'x'.repeat(size), ...(type !== 'chat' && { type }) });
  }

  answer(calls: number): void {
    const answered = this.ahead.splice(0, calls);
    for (const call of answered) if (!idOf(call).startsWith('dropped')) this.answered.push(numberOf(call));
    this.relay.answerAll(answered.map((call) => [idOf(call), { value: undefined }]));
  }

  adopt(): Inheritance {
    const inheritance = this.relay.adopt(2);
    this.ahead = [...inheritance.calls];
    return inheritance;
  }
}

function idOf(call: string): string {
  return (JSON.parse(call) as { id: string }).id;
}

function numberOf(call: string): number {
  return (JSON.parse(call) as { parameters: { n: number }[] }).parameters[0]?.n ?? 0;
}

function nameAndFirst(call: string): unknown[] {
  const { name, parameters } = JSON.parse(call) as { name: string; parameters: unknown[] };
  return [name, parameters[0]];
}
