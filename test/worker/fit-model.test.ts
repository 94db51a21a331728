import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';

import { installFit, maxModelLength } from '../../worker/whatsapp/fit-model.js';
import { installRelay, relayArguments, relayBinding } from '../../worker/whatsapp/page-relay.js';

type Model = Record<string, unknown>;

afterEach(() => {
  delete (globalThis as { window?: unknown }).window;
});

const head = {
  id: { fromMe: false, remote: '15551230001@c.us', id: '3EB0', _serialized: 'false_15551230001@c.us_3EB0' },
  from: '15551230001@c.us',
  author: '15551230002@c.us',
  t: 1_790_000_000,
  type: 'chat',
};

test('a message as WhatsApp has them is left as it is, also with the longest text and a preview', () => {
  const model = { ...head, body: 'x'.repeat(65_536), thumbnail: 'A'.repeat(200_000), quotedMsg: { body: 'y' } };
  expect(fitter()(model)).toBe(model);
});

test('previews go before any text is cut', () => {
  const quotedMsg = { type: 'image', body: 'y'.repeat(200_000), jpegThumbnail: 'A'.repeat(900_000) };
  const fitting = fitter()({ ...head, body: 'x'.repeat(100_000), thumbnail: 'A'.repeat(900_000), quotedMsg });
  expect(fitting).toMatchObject({ ...head, body: 'x'.repeat(100_000), quotedMsg: { body: 'y'.repeat(200_000) } });
  expect(fitting).not.toHaveProperty('thumbnail');
  expect(fitting['wasupCutFrom']).toBeGreaterThan(1_800_000);
});

test('a text of 60 MB is cut to the longest that WhatsApp has, between two characters', () => {
  const fitting = fitter()({ ...head, body: `x${'😀'.repeat(15_000_000)}` });
  expect(fitting).toMatchObject(head);
  expect(fitting['body']).toBe(`x${'😀'.repeat(32_767)}`);
});

test('whatever a message has in it, it fits, and says who has sent it, when, where and of which type', () => {
  const text = fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength: 30, unit: 'binary' }) },
    fc.nat(20_000).map((length) => 'z'.repeat(length)),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      text,
      fc.constant(null),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 40 }),
      fc.dictionary(fc.string({ maxLength: 12 }), tie('value'), { maxKeys: 40 }),
    ),
  }));
  const fit = fitter(20_000);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'body', 'thumbnail'), value), (more) => {
      const model = { ...more, ...head };
      const fitting = fit(model);
      expect(JSON.stringify(fitting).length).toBeLessThanOrEqual(20_000);
      expect(fitting).toMatchObject(head);
      if (JSON.stringify(model).length <= 20_000) expect(fitting).toBe(model);
    }),
    { numRuns: 60 },
  );
});

test('what the page hands over and keeps of a message fits', () => {
  const [version, binding, kept, bounds] = relayArguments;
  const calls: string[] = [];
  fitter();
  const { window } = globalThis as unknown as { window: Record<string, unknown> };
  window[relayBinding] = (call: string) => calls.push(call);
  installRelay(version, binding, kept, bounds);
  (window['wasup'] as { define(name: string): void }).define('onAddMessageEvent');
  const tell = window['onAddMessageEvent'] as (model: Model) => Promise<unknown>;
  void tell({ ...head, body: 'x'.repeat(60_000_000) });
  void tell({ ...head, body: 'short' });
  expect(calls.map((call) => call.length < maxModelLength + 1_000)).toEqual([true, true]);
  expect(calls.map((call) => (JSON.parse(call) as { parameters: Model[] }).parameters[0]?.['body'])).toEqual([
    'x'.repeat(65_536),
    'short',
  ]);
});

function fitter(maxLength = maxModelLength): (model: Model) => Model {
  const window: { wasupFit?: (model: unknown) => unknown } = {};
  (globalThis as { window?: unknown }).window = window;
  installFit(maxLength);
  return window.wasupFit as (model: Model) => Model;
}
