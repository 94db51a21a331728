import { EventEmitter } from 'node:events';

import type { CDPSession, Page } from 'puppeteer';
import { afterEach, expect, test, vi } from 'vitest';

import { installRelay, type PageRelay, relayArguments, relayBinding } from '../../worker/whatsapp/page-relay.js';
import { RelayLine, type RelayLineOptions } from '../../worker/whatsapp/relay-line.js';
import { gate } from '../support/gate.js';
import { until } from '../support/until.js';

const [version, binding, kept, bounds] = relayArguments;
const slowMs = 20;

afterEach(() => {
  delete (globalThis as { window?: unknown }).window;
});

test('calls that the worker has no room for keep the others in the page, however long that takes, and none is lost', async () => {
  const room = gate();
  const heard: unknown[] = [];
  const call = connect({ ahead: 3 }, { taken: () => room.passed }, (n) => heard.push(n));
  const answered = Promise.all(Array.from({ length: 10 }, (_, n) => call(n)));
  await until(() => heard.length === 3 || undefined, { expectation: () => 'three calls' });
  await new Promise((resolve) => setTimeout(resolve, 3 * slowMs));
  expect(heard).toEqual([0, 1, 2]);
  room.open();
  await answered;
  expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a callback that takes long keeps no others in the page', async () => {
  const end = gate();
  const heard: unknown[] = [];
  const call = connect({ ahead: 1 }, {}, (n) => {
    heard.push(n);
    return end.passed;
  });
  const answered = Promise.all([call(0), call(1)]);
  await until(() => heard.length === 2 || undefined, { expectation: () => 'both calls' });
  end.open();
  await answered;
});

/** @returns what the page calls to tell the worker. */
function connect(
  more: Partial<typeof bounds>,
  options: Partial<RelayLineOptions>,
  callback: (n: unknown) => unknown,
): (n: number) => Promise<unknown> {
  const session = new EventEmitter();
  const window: Record<string, unknown> = {
    [relayBinding]: (payload: string) => session.emit('Runtime.bindingCalled', { name: relayBinding, payload }),
  };
  (globalThis as { window?: unknown }).window = window;
  installRelay(version, binding, kept, { ...bounds, ...more });
  const relay = window['wasup'] as PageRelay;
  const send = vi.fn((_method: string, { expression }: { expression: string }) => {
    const answers = /^window\.wasup\?\.answerAll\((.*)\)$/s.exec(expression)?.[1] ?? '[]';
    relay.answerAll(JSON.parse(answers) as Parameters<PageRelay['answerAll']>[0]);
    return Promise.resolve({ result: {} });
  });
  const line = new RelayLine({
    page: {} as unknown as Page,
    session: Object.assign(session, { send }) as unknown as CDPSession,
    takesOver: false,
    onRefused: () => undefined,
    onDropped: () => undefined,
    onThrown: (_name, error) => expect.fail(String(error)),
    isHeard: () => true,
    taken: () => undefined,
    slowMs,
    ...options,
  });
  line.define('onAddMessageEvent', callback);
  relay.define('onAddMessageEvent');
  return window['onAddMessageEvent'] as (n: number) => Promise<unknown>;
}
