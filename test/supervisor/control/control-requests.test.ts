import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FakeAccount, FakeSupervisor, number, refused } from './fake-supervisor.js';
import { type Answer, InjectedApi } from './injected-api.js';

let account: FakeAccount;
let supervisor: FakeSupervisor;
let api: InjectedApi;

beforeEach(() => {
  account = new FakeAccount();
  supervisor = new FakeSupervisor(account);
  api = new InjectedApi(supervisor);
});
afterEach(() => api.close());

const get = (url: string): Promise<Answer> => api.ask('GET', url);
const post = (url: string, body?: unknown, type?: string): Promise<Answer> => api.ask('POST', url, body, type);
const text = (part: string): unknown => expect.stringContaining(part);

describe.each<[string, number, [unknown, unknown][]]>([
  [
    'link',
    202,
    [
      [undefined, ['link', 'qr']],
      [{}, ['link', 'qr']],
      [{ method: 'qr' }, ['link', 'qr']],
      [{ method: 'code' }, ['link', 'code']],
    ],
  ],
  [
    'restart',
    202,
    [
      [undefined, ['restart', { freshBrowser: false }]],
      [{ freshBrowser: true }, ['restart', { freshBrowser: true }]],
    ],
  ],
  [
    'unlink',
    200,
    [
      [undefined, ['unlink']],
      [{}, ['unlink']],
    ],
  ],
])('POST …/%s', (what, status, requests) => {
  const url = `/api/accounts/${number}/${what}`;

  it.each(requests)('with %j asks the account, and says what follows', async (body, asked) => {
    expect(await post(url, body)).toMatchObject({ status, body: { sentence: 'It is being done.', action: null } });
    expect(account.asked).toEqual([asked]);
  });

  it('hands on why the account refuses, and what can be done', async () => {
    account.answer = refused;
    expect(await post(url)).toMatchObject({
      status: 409,
      body: { error: 'It is linked already.', action: 'Unlink it first.' },
    });
  });

  it.each<[string, unknown, string, number, string]>([
    ['a field that doesn’t exist', { methode: 'qr' }, 'application/json', 400, 'methode'],
    ['a list', [], 'application/json', 400, 'body: '],
    ['something that is no JSON', '{', 'application/json', 400, 'JSON'],
    ['nothing that is said to be JSON', '', 'application/json', 400, 'empty'],
    ['a form', 'method=qr', 'application/x-www-form-urlencoded', 415, 'edia'],
    ['plain text', '{}', 'text/plain', 415, 'edia'],
    ['a flood', { method: 'x'.repeat(20_000) }, 'application/json', 413, 'too large'],
  ])('says what is wrong with %s, and asks nobody', async (_name, body, type, expected, error) => {
    expect(await post(url, body, type)).toMatchObject({
      status: expected,
      body: { error: text(error), action: expect.any(String) as string },
    });
    expect(account.asked).toEqual([]);
  });

  it('says which accounts there are when asked for another', async () => {
    expect(await post(`/api/accounts/491701234567/${what}`)).toMatchObject({
      status: 404,
      body: { action: text(number) },
    });
    expect(account.asked).toEqual([]);
  });

  it('can’t be asked with GET', async () => {
    expect(await get(url)).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
      body: { action: 'Ask with POST.' },
    });
    expect(account.asked).toEqual([]);
  });
});

it.each([
  ['link', { method: 'letter' }, 'method: '],
  ['link', { method: 1 }, 'method: '],
  ['restart', { freshBrowser: 'yes' }, 'freshBrowser: '],
])('POST …/%s with %j names the field', async (what, body, error) => {
  expect(await post(`/api/accounts/${number}/${what}`, body)).toMatchObject({
    status: 400,
    body: { error: text(error) },
  });
  expect(account.asked).toEqual([]);
});

describe('POST /api/reload', () => {
  it('reads the configuration again, and tells what has changed', async () => {
    const { sentence, added, removed, changed, needRestart } = supervisor.reloadAnswer;
    const body = { sentence, added, removed, changed, needRestart };
    expect(await post('/api/reload')).toMatchObject({ status: 200, body });
    expect(supervisor.reloads).toBe(1);
  });

  it('tells what is wrong with it', async () => {
    supervisor.reloadAnswer = { ...supervisor.reloadAnswer, accepted: false, sentence: 'WASUP_ACCOUNTS has letters.' };
    expect(await post('/api/reload', {})).toMatchObject({
      status: 409,
      body: { error: 'WASUP_ACCOUNTS has letters.', action: text('Mend the configuration') },
    });
  });

  it('takes nothing with it', async () => {
    expect(await post('/api/reload', { all: true })).toMatchObject({ status: 400, body: { error: text('all') } });
    expect(supervisor.reloads).toBe(0);
  });
});

it('a bug is told as one', async () => {
  account.requestUnlink = () => Promise.reject(new Error('no such thing'));
  expect(await post(`/api/accounts/${number}/unlink`)).toMatchObject({
    status: 500,
    body: { error: 'no such thing', action: text('report') },
  });
});
