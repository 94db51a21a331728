import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRedactor, secretsIn, withoutPasswords } from '../../shared/secrets.js';

it.each(['HTTP_TOKEN', 'ALERT_SECRET', 'ALERT_URL', 'FLEET_URL', 'FLEET_KEY', 'BACKUP_KEY', 'PROXY'])(
  'WASUP_%s is a secret',
  (name) => {
    expect(secretsIn({ [`WASUP_${name}`]: ' the value ', WASUP_ACCOUNTS: '12025550100', PATH: '/bin' })).toEqual([
      'the value',
    ]);
  },
);

it.each([
  ['http://me:hunter2@proxy.example:3128', 'http://***@proxy.example:3128'],
  ['--proxy-server=socks5://me:p%40ss@proxy --lang=en', '--proxy-server=socks5://***@proxy --lang=en'],
  ['"http://me:hunter2@one","http://:other@two"', '"http://***@one","http://***@two"'],
  ['http://proxy.example:3128/a@b', 'http://proxy.example:3128/a@b'],
  ['write to me@example.org: http://example.org', 'write to me@example.org: http://example.org'],
])('names and passwords are taken out of addresses: %s', (text, without) => {
  expect(withoutPasswords(text)).toBe(without);
});

describe('a redactor', () => {
  it('leaves none of its secrets in a text, also not as JSON or as a part of an address', () => {
    const secret = string({ minLength: 6, maxLength: 30, unit: 'grapheme-ascii' }).filter(
      (text) => !text.includes('*'),
    );
    assert(
      property(secret, string(), string(), (kept, one, other) => {
        const redact = createRedactor([kept]);
        const text = `${one}${kept}${other}`;
        for (const said of [text, JSON.stringify({ text }), `https://example.org/?key=${encodeURIComponent(kept)}`]) {
          expect(redact(said)).not.toContain(kept);
        }
      }),
    );
  });

  it('takes the longer one first where one holds another', () => {
    expect(createRedactor(['secret', 'secret-and-more'])('a secret-and-more, a secret')).toBe('a ***, a ***');
  });

  it('takes nothing for a secret that is shorter than six characters', () => {
    expect(createRedactor(['a', '', 'short'])('a short text')).toBe('a short text');
  });
});
