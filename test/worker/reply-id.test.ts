import fc from 'fast-check';
import { expect, test } from 'vitest';

import { replyId } from '../../worker/whatsapp/send-once.js';

const account = '12025550100';
const answered = 'false_15551230001@c.us_3EB0C767D26A1B2C3D4E';

test('an answer’s id stays the same from one version to the next: what was sent under it would be sent again', () => {
  expect(replyId(account, answered, 1)).toBe('3EB0456BB9E2DF6F0DE808');
});

test('it has the form of WhatsApp’s own', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 1 }), (of, to, nth) => {
      expect(replyId(of, to, nth)).toMatch(/^3EB0[0-9A-F]{18}$/);
    }),
  );
});

test('the same answer has the same id; another answer, message or account has another', () => {
  const digits = fc.stringMatching(/^\d{7,15}$/);
  const which = fc.tuple(digits, fc.stringMatching(/^[\w@.]{1,30}$/), fc.integer({ min: 1, max: 1_000 }));
  fc.assert(
    fc.property(which, which, (one, other) => {
      const areSame = one.every((part, index) => part === other[index]);
      expect(replyId(...one) === replyId(...other)).toBe(areSame);
      expect(replyId(...one)).toBe(replyId(...one));
    }),
  );
});

test('no two of many answers to many messages have the same id', () => {
  const ids = new Set<string>();
  for (let message = 0; message < 1_000; message += 1)
    for (let nth = 1; nth <= 20; nth += 1) ids.add(replyId(account, `${answered}${message}`, nth));
  expect(ids.size).toBe(20_000);
});
