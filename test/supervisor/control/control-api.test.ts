import { expect, it } from 'vitest';

import type { LinkAnswer, LinkMethod } from '../../../shared/link-answer.js';
import { createControlApi } from '../../../supervisor/control/control-api.js';

const accepted: LinkAnswer = { accepted: true, sentence: 'A QR code follows.', action: null };
const refused: LinkAnswer = { accepted: false, sentence: 'It is linked already.', action: 'Unlink it first.' };

async function post(
  url: string,
  body?: unknown,
  answer = accepted,
): Promise<{ status: number; body: unknown; asked: LinkMethod[] }> {
  const asked: LinkMethod[] = [];
  const requestLink = (method: LinkMethod): Promise<LinkAnswer> => {
    asked.push(method);
    return Promise.resolve(answer);
  };
  const api = createControlApi([{ number: '12025550100', requestLink }]);
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await api.inject({
    method: 'POST',
    url,
    ...(body !== undefined && { payload, headers: { 'content-type': 'application/json' } }),
  });
  await api.close();
  return { status: response.statusCode, body: response.json<unknown>(), asked };
}

const url = '/api/accounts/12025550100/link';

it.each<[string, unknown, LinkMethod]>([
  ['nothing', undefined, 'qr'],
  ['no method', {}, 'qr'],
  ['qr', { method: 'qr' }, 'qr'],
  ['code', { method: 'code' }, 'code'],
])('asked to link with %s, it asks the account and says what follows', async (_name, body, method) => {
  expect(await post(url, body)).toEqual({ status: 202, body: { sentence: 'A QR code follows.' }, asked: [method] });
});

it('hands on why the account refuses, and what can be done', async () => {
  expect(await post(url, {}, refused)).toEqual({
    status: 409,
    body: { error: 'It is linked already.', action: 'Unlink it first.' },
    asked: ['qr'],
  });
});

it('says which accounts there are when asked for another', async () => {
  const answer = await post('/api/accounts/491701234567/link', {});
  expect(answer).toMatchObject({ status: 404, asked: [] });
  expect(answer.body).toMatchObject({ error: expect.stringContaining('491701234567') as string });
  expect(answer.body).toMatchObject({ action: expect.stringContaining('12025550100') as string });
});

it.each<[string, unknown, RegExp]>([
  ['a method that doesn’t exist', { method: 'letter' }, /^method: /],
  ['a method that is no text', { method: 1 }, /^method: /],
  ['a field that doesn’t exist', { methode: 'qr' }, /methode/],
  ['a list', [], /^body: /],
  ['something that is no JSON', '{', /JSON/],
])('names the field when it is sent %s, and asks nobody', async (_name, body, error) => {
  expect(await post(url, body)).toMatchObject({
    status: 400,
    body: { error: expect.stringMatching(error) as string, action: expect.any(String) as string },
    asked: [],
  });
});

it('says what there is when asked for something else', async () => {
  expect(await post('/api/nothing', {})).toMatchObject({
    status: 404,
    body: { action: expect.stringContaining('/link') as string },
  });
});
