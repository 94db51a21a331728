import { AsyncResource } from 'node:async_hooks';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Inbox } from '../../shared/inbox/inbox.js';
import type { InboxMessage } from '../../shared/inbox/inbox-message.js';
import { Dispatcher, longestHandling } from '../../worker/dispatcher.js';
import { handlerScope, noteProgress } from '../../worker/handler-scope.js';
import { until } from '../support/until.js';

type Handler = (message: InboxMessage, signal: AbortSignal) => unknown;

let folder: string;
let inbox: Inbox;
let parked: InboxMessage[];
let failed: [id: string, error: unknown][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-dispatcher-'));
  inbox = openInbox();
  parked = [];
  failed = [];
});
afterEach(() => {
  inbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function openInbox(name = 'inbox.db', onTrouble = rethrow): Inbox {
  return new Inbox({
    path: join(folder, name),
    now: Date.now,
    onTrouble,
    onSaved: () => undefined,
    onRebuilt: () => undefined,
  });
}

function rethrow(error: unknown): void {
  throw error;
}

const limits = { attempts: 3, retryDelayMs: 1, concurrency: 3, timeoutMs: 5_000 };

function dispatch(handler: Handler, more: Partial<typeof limits> = {}): Dispatcher {
  return new Dispatcher({
    inbox,
    limits: { ...limits, ...more },
    handle: (message, signal) => new Promise((resolve) => resolve(handler(message, signal))),
    now: Date.now,
    onFailed: ({ id }, error) => failed.push([id, error]),
    onParked: (message) => parked.push(message),
  });
}

function arrive(id: string, chat: string, t = 1): void {
  inbox.add({ id, chat, t, raw: '{}' });
}

const stateOf = (id: string): string | undefined => inbox.get(id)?.state;
const allSettled = (): boolean => {
  const { waiting, running } = inbox.counts();
  return waiting + running === 0;
};

const settled = (isSo: () => boolean): Promise<true> =>
  until(() => isSo() || undefined, { expectation: () => isSo.toString() });

/** Handlers that end when they are told to. */
function heldHandlers() {
  const began: string[] = [];
  const end = new Map<string, () => void>();
  const handler: Handler = ({ id }) =>
    new Promise<void>((resolve) => {
      began.push(id);
      end.set(id, resolve);
    });
  return { began, handler, end: (id: string) => end.get(id)?.() };
}

test('a message is acknowledged when its handler has ended, and not before', async () => {
  const { began, handler, end } = heldHandlers();
  arrive('A', 'anna');
  dispatch(handler).open();
  await settled(() => began.length === 1);
  expect(stateOf('A')).toBe('running');
  end('A');
  await settled(() => stateOf('A') === 'done');
  expect(inbox.get('A')).toMatchObject({ attempts: 1, raw: null });
});

test('the messages of a chat are handled one after the other, those of other chats beside them, as many as may be', async () => {
  const { began, handler, end } = heldHandlers();
  for (const chat of ['a', 'b', 'c', 'd']) for (const n of [1, 2]) arrive(`${chat}${n}`, chat);
  dispatch(handler).open();
  await settled(() => began.length === 3);
  expect([...began].sort()).toEqual(['a1', 'b1', 'c1']);
  end('b1');
  await settled(() => began.length === 4);
  // A chat whose turn has not come yet goes before an older message of one that has had its own.
  expect(began[3]).toBe('d1');
  for (const id of ['a1', 'c1', 'd1']) end(id);
  await settled(() => began.length === 7);
  expect(began.slice(4).sort()).toEqual(['a2', 'b2', 'c2']);
});

test('a message that is left to the next worker while it waits for its turn of the event loop isn’t handed over here as well', async () => {
  const began: string[] = [];
  const dispatcher = dispatch(
    ({ id }) => {
      began.push(id);
      for (const end = performance.now() + 30; performance.now() < end;);
      // After the next message has been taken, and before the next turn.
      process.nextTick(() => {
        dispatcher.close();
        dispatcher.abandon();
      });
    },
    { concurrency: 1 },
  );
  arrive('a1', 'anna');
  arrive('a2', 'anna');
  dispatcher.open();
  await settled(() => stateOf('a1') === 'done');
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(began).toEqual(['a1']);
  expect(stateOf('a2')).toBe('waiting');
});

test('tells how long the next message of a chat has been kept waiting by other chats, and of its own chat’s queue nothing', async () => {
  const { began, handler, end } = heldHandlers();
  arrive('a1', 'anna');
  arrive('a2', 'anna');
  const dispatcher = dispatch(handler, { concurrency: 1 });
  dispatcher.open();
  await settled(() => began.length === 1);
  expect(dispatcher.waitedMs).toBe(0);
  arrive('b1', 'ben');
  dispatcher.noteChange('ben');
  await settled(() => dispatcher.waitedMs > 20);
  const waited = dispatcher.waitedMs;
  arrive('b2', 'ben');
  dispatcher.noteChange('ben');
  dispatcher.refresh();
  expect(dispatcher.waitedMs).toBeGreaterThanOrEqual(waited);
  end('a1');
  await settled(() => began.includes('b1'));
  end('b1');
  await settled(() => began.includes('a2'));
  end('a2');
  await settled(() => began.includes('b2'));
  expect(dispatcher.waitedMs).toBe(0);
  // One that is closed gives the bot nothing, which is a wait as well.
  dispatcher.close();
  arrive('c1', 'carol');
  dispatcher.noteChange('carol');
  await settled(() => dispatcher.waitedMs > 20);
  dispatcher.open();
  await settled(() => dispatcher.waitedMs < 20);
  for (const id of ['b2', 'c1']) {
    await settled(() => began.includes(id));
    end(id);
  }
});

test('a customer who writes now doesn’t wait behind all that others have written before', async () => {
  const order: string[] = [];
  for (let n = 0; n < 200; n += 1) for (const chat of ['anna', 'ben']) arrive(`${chat}${n}`, chat);
  const dispatcher = dispatch(
    ({ id }) => {
      order.push(id);
      if (order.length !== 10) return;
      arrive('new', 'carol', 2);
      dispatcher.noteChange('carol');
    },
    { concurrency: 1 },
  );
  dispatcher.open();
  await settled(allSettled);
  expect(order.indexOf('new')).toBeLessThanOrEqual(12);
  expect(order.filter((id) => id.startsWith('anna'))).toEqual(Array.from({ length: 200 }, (_, n) => `anna${n}`));
});

describe('a handler that fails', () => {
  test('gets the message again, each time with the number of the attempt, before what follows in its chat', async () => {
    const calls: string[] = [];
    arrive('A', 'anna');
    arrive('B', 'anna', 2);
    dispatch(({ id, attempts }) => {
      calls.push(`${id}${attempts}`);
      if (id === 'A' && attempts < 3) throw new Error('not yet');
    }).open();
    await settled(allSettled);
    expect(calls).toEqual(['A1', 'A2', 'A3', 'B1']);
    expect(failed.map(([id]) => id)).toEqual(['A', 'A']);
  });

  test('as often as it may has the message parked with the error, and the chat goes on', async () => {
    arrive('A', 'anna');
    arrive('B', 'anna', 2);
    dispatch(({ id }) => {
      if (id === 'A') throw new Error('no such city');
    }).open();
    await settled(allSettled);
    expect(stateOf('B')).toBe('done');
    expect(parked).toMatchObject([{ id: 'A', state: 'dead', error: 'no such city', attempts: 3 }]);
    expect(inbox.get('A')).toMatchObject({ state: 'dead', raw: '{}' });
  });

  test('by hanging past its deadline is told by its signal, and has failed', async () => {
    const signals: AbortSignal[] = [];
    arrive('A', 'anna');
    dispatch(
      (_message, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
      { timeoutMs: 20, attempts: 2 },
    ).open();
    await settled(allSettled);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(parked).toMatchObject([{ error: 'The handler took longer than 20 ms' }]);
  });

  describe('with a clock', () => {
    beforeEach(
      () =>
        void vi.useFakeTimers({
          toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
        }),
    );
    afterEach(() => void vi.useRealTimers());

    test('isn’t reckoned from its beginning where parts of media come for it, but from the last one', async () => {
      const { began, handler } = heldHandlers();
      let bringPart: () => void = () => undefined;
      arrive('A', 'anna');
      dispatch(
        (message, signal) => {
          bringPart = AsyncResource.bind(noteProgress);
          return handler(message, signal);
        },
        { timeoutMs: 100, attempts: 1 },
      ).open();
      await settled(() => began.length === 1);
      for (let part = 0; part < 3; part += 1) {
        await vi.advanceTimersByTimeAsync(80);
        bringPart();
      }
      await vi.advanceTimersByTimeAsync(99);
      await turns();
      expect([stateOf('A'), parked]).toEqual(['running', []]);
      await vi.advanceTimersByTimeAsync(1);
      await settled(allSettled);
      expect(parked).toMatchObject([{ error: 'The handler took longer than 100 ms' }]);
    });

    test('is found all the same where parts of media come for ever', async () => {
      const { began, handler } = heldHandlers();
      arrive('A', 'anna');
      dispatch(
        (message, signal) => {
          const parts = setInterval(AsyncResource.bind(noteProgress), 1);
          signal.addEventListener('abort', () => clearInterval(parts));
          return handler(message, signal);
        },
        { timeoutMs: 100, attempts: 1 },
      ).open();
      await settled(() => began.length === 1);
      await vi.advanceTimersByTimeAsync(100 * longestHandling - 1);
      await turns();
      expect(parked).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await settled(allSettled);
      expect(parked).toMatchObject([{ error: 'The handler took longer than 100 ms' }]);
    });

    /** What has been said by then is heard. */
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    };
  });
});

describe('after a worker’s death', () => {
  test('what was with its handlers is handled again, as a further attempt', async () => {
    const { began, handler } = heldHandlers();
    arrive('A', 'anna');
    dispatch(handler).open();
    await settled(() => began.length === 1);
    // The next life finds the file as it is.
    const calls: number[] = [];
    const next = dispatch(({ attempts }) => calls.push(attempts));
    next.recover();
    next.open();
    await settled(() => calls.length === 1);
    expect(calls).toEqual([2]);
    expect(inbox.get('A')).toMatchObject({ deaths: 1 });
  });

  test('the third of the same message parks it', () => {
    arrive('A', 'anna');
    for (let death = 1; death <= 3; death += 1) {
      const found = inbox.get('A');
      if (found !== undefined) inbox.update({ ...found, state: 'running' });
      dispatch(() => undefined).recover();
    }
    expect(stateOf('A')).toBe('dead');
    expect(parked).toMatchObject([{ id: 'A', deaths: 3 }]);
  });

  test('what was with its handlers is handled again also when the inbox can be opened only later, beside what is handled from memory', async () => {
    arrive('A', 'anna');
    arrive('B', 'bela');
    const left = inbox.get('A');
    if (left !== undefined) inbox.update({ ...left, state: 'running', attempts: 1 });
    inbox.close();
    const away = `${folder}-away`;
    renameSync(folder, away);
    inbox = openInbox('inbox.db', () => undefined);
    const { began, handler, end } = heldHandlers();
    const dispatcher = dispatch(handler);
    dispatcher.recover();
    dispatcher.open();
    arrive('C', 'carl');
    dispatcher.noteChange('carl');
    await settled(() => began.length === 1);
    renameSync(away, folder);
    inbox.save();
    if (inbox.hasChangedOutside()) dispatcher.refresh();
    await settled(() => began.length === 3);
    for (const id of began) end(id);
    await settled(allSettled);
    expect(began.sort()).toEqual(['A', 'B', 'C']);
    expect(['A', 'B', 'C'].map((id) => inbox.get(id)?.deaths)).toEqual([1, 0, 0]);
  });

  test('in order, nothing is held against what was with its handlers', async () => {
    const { began, handler, end } = heldHandlers();
    arrive('A', 'anna');
    arrive('B', 'anna', 2);
    const dispatcher = dispatch(handler);
    dispatcher.open();
    await settled(() => began.length === 1);
    dispatcher.close();
    dispatcher.abandon();
    expect(inbox.get('A')).toMatchObject({ state: 'waiting', deaths: 0, attempts: 1 });
    // What it does then is nobody's business any more.
    end('A');
    await dispatcher.idle();
    expect(stateOf('A')).toBe('waiting');
    expect(began).toEqual(['A']);
  });
});

describe('a message at which something dies without this worker', () => {
  test.each(['page', 'connection'] as const)(
    'each time (%s), and which fails because of that, is parked at the third time, with what has gone',
    async (what) => {
      let runs = 0;
      const fail: (() => void)[] = [];
      arrive('A', 'anna');
      arrive('B', 'anna', 2);
      const dispatcher = dispatch(({ id }) => {
        if (id === 'B') return undefined;
        runs += 1;
        return new Promise((_resolve, reject) => fail.push(() => reject(new Error('the page is closed'))));
      });
      for (let death = 1; death <= 3; death += 1) {
        dispatcher.open();
        await settled(() => runs === death);
        dispatcher.close(what);
        fail.at(-1)?.();
        await dispatcher.idle();
      }
      expect(parked).toMatchObject([
        { id: 'A', deaths: 3, error: expect.stringMatching(/has gone 3 times/) as string },
      ]);
      dispatcher.open();
      await settled(() => stateOf('B') === 'done');
    },
  );

  test('by accident is cleared by one that dies while nothing is handled', async () => {
    const fail: (() => void)[] = [];
    arrive('A', 'anna');
    const dispatcher = dispatch(
      () => new Promise((_resolve, reject) => fail.push(() => reject(new Error('the page is closed')))),
    );
    for (let round = 1; round <= 5; round += 1) {
      dispatcher.open();
      await settled(() => fail.length === round);
      dispatcher.close('connection');
      fail.at(-1)?.();
      await dispatcher.idle();
      const found = inbox.get('A');
      // It waits for its next attempt, at least as long as it has run: in that time it happens again.
      if (found !== undefined) inbox.update({ ...found, nextAt: Date.now() + 60_000 });
      dispatcher.open();
      dispatcher.close('connection');
      if (found !== undefined) inbox.update({ ...found, nextAt: null });
    }
    expect(parked).toEqual([]);
    expect(stateOf('A')).toBe('waiting');
  });

  test('is cleared by a life that has died with nothing at its handlers, and not by one that has left in order', () => {
    arrive('A', 'anna');
    const die = (isInOrder: boolean): void => {
      const idle = dispatch(() => undefined);
      idle.recover();
      const found = inbox.get('A');
      if (found !== undefined) inbox.update({ ...found, nextAt: Date.now() + 60_000 });
      idle.open();
      idle.close();
      if (isInOrder) idle.abandon();
    };
    const dieOverIt = (): void => {
      const found = inbox.get('A');
      if (found !== undefined) inbox.update({ ...found, state: 'running' });
    };
    for (const isInOrder of [false, true]) {
      for (let death = 1; death <= 2; death += 1) {
        dieOverIt();
        die(true);
      }
      if (!isInOrder) {
        die(false);
        die(true);
        continue;
      }
      die(true);
    }
    dieOverIt();
    die(true);
    expect(stateOf('A')).toBe('dead');
    expect(inbox.get('A')?.deaths).toBe(5);
  });
});

describe('a fault that ends this worker', () => {
  test('counts against what is still running, and lets a handler that ends with it have ended well', async () => {
    const { began, handler, end } = heldHandlers();
    arrive('A', 'anna');
    arrive('B', 'bela');
    const dispatcher = dispatch(handler);
    dispatcher.open();
    await settled(() => began.length === 2);
    dispatcher.close('page');
    end('A');
    await settled(() => stateOf('A') === 'done');
    dispatcher.abandon({ isFault: true });
    expect(inbox.get('B')).toMatchObject({ state: 'waiting', deaths: 1 });
    // Two were running: it proves nothing of the one.
    expect(inbox.fact('tried')).toBeUndefined();
  });
});

describe('a handler that ends the process', () => {
  /** The bot calls process.exit: everything after that is synchronous. */
  async function exit(code: number, { hasAnswered = false, isAlone = false } = {}): Promise<void> {
    let isOver = false;
    const dispatcher = dispatch(async ({ id }) => {
      if (id !== 'A') return new Promise(() => undefined);
      await Promise.resolve();
      const scope = handlerScope.getStore();
      if (scope !== undefined && hasAnswered) scope.hasAnswered = true;
      dispatcher.noteExit(code);
      isOver = true;
      return new Promise(() => undefined);
    });
    if (!isAlone) arrive('B', 'bela');
    arrive('A', 'anna');
    dispatcher.recover();
    dispatcher.open();
    await settled(() => isOver);
    dispatch(() => undefined).recover();
  }

  test.each([
    ['on purpose has done its work', 0, false, { state: 'done', deaths: 0 }],
    ['after its answer has done its work', 1, true, { state: 'done', deaths: 0 }],
    ['by a failure is one death, its own', 1, false, { state: 'waiting', deaths: 1 }],
  ])('%s, and what ran beside it has nothing to do with it', async (_name, code, hasAnswered, expected) => {
    await exit(code, { hasAnswered });
    expect(inbox.get('A')).toMatchObject(expected);
    expect(inbox.get('B')).toMatchObject({ state: 'waiting', deaths: 0 });
  });

  test('each time, by a failure, has its message parked at the third', async () => {
    for (let death = 1; death <= 3; death += 1) await exit(1, { isAlone: true });
    expect(parked).toMatchObject([{ id: 'A' }]);
  });

  test('from elsewhere is a death like another for all that runs', async () => {
    const { began, handler } = heldHandlers();
    arrive('A', 'anna');
    const dispatcher = dispatch(handler);
    dispatcher.open();
    await settled(() => began.length === 1);
    dispatcher.noteExit(0);
    dispatch(() => undefined).recover();
    expect(inbox.get('A')).toMatchObject({ state: 'waiting', deaths: 1 });
  });
});

test('nothing is begun while it is closed, and what came meanwhile is handled when it opens', async () => {
  const calls: string[] = [];
  const dispatcher = dispatch(({ id }) => calls.push(id));
  arrive('A', 'anna');
  dispatcher.noteChange('anna');
  dispatcher.open();
  await settled(() => calls.length === 1);
  dispatcher.close();
  await dispatcher.idle();
  arrive('B', 'anna', 2);
  dispatcher.noteChange('anna');
  expect(stateOf('B')).toBe('waiting');
  dispatcher.open();
  await settled(() => calls.length === 2);
});

test('whatever fails, hangs or dies: each message is settled, in the order of its chat, as often tried as may be', async () => {
  const behaviours = ['well', 'throws once', 'throws', 'dies once', 'dies'] as const;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ chat: fc.nat(3), behaviour: fc.constantFrom(...behaviours) }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (messages) => {
        inbox.close();
        inbox = openInbox(`run-${(runs += 1)}.db`);
        parked = [];
        const acknowledged: string[] = [];
        const deaths = new Map<string, number>();
        messages.forEach(({ chat }, index) => arrive(`${index}`, `chat ${chat}`, index));
        for (let life = 1; !allSettled() && life < 100; life += 1) {
          const death = new AbortController();
          const dispatcher = dispatch(({ id, attempts }) => {
            const { behaviour } = messages[Number(id)] ?? {};
            const died = deaths.get(id) ?? 0;
            if (behaviour === 'throws' || (behaviour === 'throws once' && attempts === 1)) throw new Error(behaviour);
            if (behaviour === 'dies' || (behaviour === 'dies once' && died === 0)) {
              deaths.set(id, died + 1);
              death.abort();
              return new Promise(() => undefined);
            }
            acknowledged.push(id);
            return undefined;
          });
          dispatcher.recover();
          dispatcher.open();
          await settled(() => allSettled() || death.signal.aborted);
          dispatcher.close();
        }
        const expected = messages.map(({ behaviour }) =>
          behaviour === 'throws' || behaviour === 'dies' ? 'dead' : 'done',
        );
        expect(messages.map((_message, index) => stateOf(`${index}`))).toEqual(expected);
        for (const chat of [0, 1, 2, 3]) {
          const order = [...new Set(acknowledged)].map(Number).filter((index) => messages[index]?.chat === chat);
          expect(order).toEqual([...order].sort((one, other) => one - other));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('handlers that never wait leave the event loop its turns: the worker’s heartbeat goes out between them', async () => {
  const burnMs = 2;
  for (let n = 0; n < 200; n += 1) arrive(`A${n}`, `chat ${n % 20}`);
  let turns = 0;
  const count = setInterval(() => (turns += 1), 1);
  dispatch(() => {
    const until = performance.now() + burnMs;
    while (performance.now() < until);
  }).open();
  await settled(allSettled);
  clearInterval(count);
  // 400 ms of work: one of five milliseconds would be twice as often as is needed.
  expect(turns).toBeGreaterThan(5);
});
