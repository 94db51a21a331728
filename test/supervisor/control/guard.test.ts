import { describe, expect, it } from 'vitest';

import { hasToken, refuseStranger } from '../../../supervisor/control/guard.js';

const token = 'a-token-of-some-length';
const caller = { host: '127.0.0.1:8787', origin: undefined, authorization: undefined };

describe('a door on loopback', () => {
  const door = { host: '127.0.0.1', token };

  it.each(['127.0.0.1:8787', '127.0.0.1', 'localhost:8787', 'LOCALHOST', '[::1]:8787', '127.1.2.3:1'])(
    'lets in who asks for %s',
    (host) => expect(refuseStranger({ ...caller, host }, door)).toBeUndefined(),
  );

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.7:8787',
    '0.0.0.0:8787',
    'localhost@evil.example',
    'localhost:8787:1',
    '[::1',
    'localhost/',
  ])('refuses who asks for %s', (host) => {
    expect(refuseStranger({ ...caller, host }, door)).toMatchObject({ status: 403 });
  });

  it.each([undefined, 'http://127.0.0.1:8787', 'https://127.0.0.1:8787'])('lets in a page of %s', (origin) => {
    expect(refuseStranger({ ...caller, origin }, door)).toBeUndefined();
  });

  it.each(['null', 'http://evil.example', 'http://127.0.0.1:8788', 'http://localhost:8787', 'file://', ''])(
    'refuses a page of %s',
    (origin) => expect(refuseStranger({ ...caller, origin }, door)).toMatchObject({ status: 403 }),
  );
});

describe('a door that is open to other machines', () => {
  it.each([
    ['0.0.0.0', '192.168.1.7:8787'],
    ['0.0.0.0', 'localhost:8787'],
    ['::', '[fe80::1]:8787'],
    ['bot.example', 'Bot.Example:8787'],
    ['192.168.1.7', '192.168.1.7'],
  ])('at %s lets in who asks for %s', (host, asked) => {
    expect(refuseStranger({ ...caller, host: asked }, { host, token })).toBeUndefined();
  });

  it('refuses other names all the same: they can be made to lead here', () => {
    expect(refuseStranger({ ...caller, host: 'evil.example' }, { host: '0.0.0.0', token })).toMatchObject({
      status: 403,
    });
  });
});

describe('the token', () => {
  const has = (authorization: string | undefined): boolean =>
    hasToken({ ...caller, authorization }, { host: '', token });

  it.each([`Bearer ${token}`, `bearer ${token}`, `Bearer  ${token} `])('is shown by %j', (authorization) => {
    expect(has(authorization)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    token,
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    'Bearer é',
  ])('is not shown by %j', (authorization) => expect(has(authorization)).toBe(false));
});
