import fc from 'fast-check';
import { expect, it } from 'vitest';

import { isBounded } from '../../shared/bounded-text.js';
import { describeError, describeStack, WasupError } from '../../shared/errors.js';

it.each([
  ['an error', new Error('too bad'), 'too bad'],
  ['a string, as whatsapp-web.js throws them', 'auth timeout', 'auth timeout'],
  ['an object', { code: 7 }, '{"code":7}'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a symbol', Symbol('odd'), 'Symbol(odd)'],
  ['a number too large for JSON', 10n, '10n'],
])('%s has a text', (_name, thrown, text) => {
  expect(describeError(thrown)).toBe(text);
});

it.each([
  ['an error', new Error('x'.repeat(3_000_000))],
  ['a string', 'ä'.repeat(1_000_000)],
  ['an object', { text: 'x'.repeat(3_000_000) }],
])('%s of any length has a text and a stack that are bounded', (_name, thrown) => {
  expect(isBounded(describeError(thrown))).toBe(true);
  expect(Buffer.byteLength(describeStack(thrown))).toBeLessThan(20_000);
});

it('an object that contains itself has a text', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(describeError(circle)).toContain('Circular');
});

it('anything has a text', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      (thrown) => typeof describeError(thrown) === 'string',
    ),
  );
});

it('an error for people has a remedy, an exit code, and its cause', () => {
  const cause = new Error('EACCES');
  const error = new WasupError('The folder can’t be written.', { remedy: 'Choose another.', exitCode: 78, cause });
  expect(error).toMatchObject({ name: 'WasupError', remedy: 'Choose another.', exitCode: 78, cause });
  expect(new WasupError('No cause.', { remedy: '', exitCode: 78 })).not.toHaveProperty('cause');
});
