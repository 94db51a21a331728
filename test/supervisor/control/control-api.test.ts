import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keepSecret } from '../../../shared/secrets.js';
import { FakeAccount, FakeSupervisor, listeningView, number } from './fake-supervisor.js';
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
const text = (part: string): unknown => expect.stringContaining(part);

describe('GET /healthz', () => {
  it('is well while the supervisor works, whatever the accounts are', async () => {
    account.become({ state: 'failed', isActive: false });
    expect(await get('/healthz')).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        pid: process.pid,
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
        uptimeSeconds: expect.any(Number) as number,
        accounts: 1,
      },
    });
  });
});

it('a secret of the operator is in no answer', async () => {
  const secret = 'secret-of-the-operator';
  keepSecret(secret);
  account.become({ reason: `The address http://me:password@proxy, and ${secret}` });
  for (const url of ['/api/accounts', `/api/accounts/${number}`]) {
    const answer = JSON.stringify((await get(url)).body);
    expect(answer).not.toContain(secret);
    expect(answer).toContain('The address http://***@proxy, and ***');
  }
});

describe('GET /readyz', () => {
  it('is well when every account listens', async () => {
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', accounts: 1, listening: 1 } });
  });

  it('is not while one doesn’t, and says which, why and what to do', async () => {
    supervisor.accounts.push(
      new FakeAccount({
        number: '491701234567',
        state: 'needs-link',
        isActive: false,
        sentence: 'Needs to be linked by a person.',
        reason: 'Nobody scanned the code',
        userAction: 'npx wasup link 491701234567',
      }),
    );
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: {
        error: '1 of 2 accounts is not listening.',
        action: 'npx wasup link 491701234567',
        accounts: 2,
        listening: 1,
        notListening: [
          '+491701234567: Needs to be linked by a person. Nobody scanned the code. npx wasup link 491701234567.',
        ],
      },
    });
  });

  it('is not without an account', async () => {
    supervisor.accounts.pop();
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { error: 'There are no accounts.' } });
  });
});

it('GET /metrics is what Prometheus reads', async () => {
  expect(await get('/metrics')).toMatchObject({
    status: 200,
    body: 'wasup 1\n',
    headers: { 'content-type': text('version=0.0.4') },
  });
});

describe('GET /api/accounts', () => {
  it('lists all that is known, the twelve fields of the contract first', async () => {
    const { status, body } = await get('/api/accounts');
    expect(status).toBe(200);
    expect(body).toEqual([listeningView]);
    expect(Object.keys((body as object[])[0] ?? {}).slice(0, 12)).toEqual(
      'number state isActive workerPid browserPid restoreMode restoreDuration restarts since reason userAction lastMessageAt'.split(
        ' ',
      ),
    );
  });

  it('shows one of them', async () => {
    expect(await get(`/api/accounts/${number}`)).toMatchObject({ status: 200, body: listeningView });
  });

  it.each(['', '/history', '/qr.svg'])('says which accounts there are when asked for another one’s%s', async (path) => {
    expect(await get(`/api/accounts/491701234567${path}`)).toMatchObject({
      status: 404,
      body: { error: text('491701234567'), action: text(number) },
    });
  });
});

describe('GET …/history', () => {
  const url = `/api/accounts/${number}/history`;

  beforeEach(() => {
    account.entries = ['device_linked', 'session_up', 'session_down'].map((eventType) => ({
      timestamp: '2026-11-25T10:00:00.000Z',
      eventType,
    }));
  });

  it('is the whole story, oldest first', async () => {
    expect(await get(url)).toMatchObject({ status: 200, body: account.entries });
  });

  it('is the newest of it when that is wanted', async () => {
    expect((await get(`${url}?limit=2`)).body).toEqual(account.entries.slice(1));
  });

  it.each(['0', '501', '-1', '1.5', 'all', ''])('names the field when it is to have %s entries', async (limit) => {
    expect(await get(`${url}?limit=${limit}`)).toMatchObject({
      status: 400,
      body: { error: text('limit: '), action: text('?limit=50') },
    });
  });

  it('doesn’t know other fields', async () => {
    expect(await get(`${url}?last=2`)).toMatchObject({ status: 400, body: { error: text('last') } });
  });
});

describe('GET …/qr.svg', () => {
  const url = `/api/accounts/${number}/qr.svg`;
  const expiresAt = new Date('2026-11-25T10:01:00.000Z');

  it('is a picture of the code, which nobody keeps', async () => {
    account.linkCode = { method: 'qr', code: '2@abc,def', sequence: 1, expiresAt };
    const { status, headers, body } = await get(url);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
      status: 200,
      type: 'image/svg+xml',
      cache: 'no-store',
    });
    expect(body).toMatch(/^<svg /);
    expect(body).not.toContain('2@abc');
  });

  it('is not there for a device that is linked', async () => {
    expect(await get(url)).toMatchObject({
      status: 404,
      body: { error: text('no QR code'), action: text('linked already') },
    });
  });

  it('is not there while nobody has asked for one, and says how to', async () => {
    account.become({ isActive: false, sentence: 'Needs to be linked by a person.' });
    expect(await get(url)).toMatchObject({
      status: 404,
      body: { error: text('Needs to be linked'), action: text(`POST /api/accounts/${number}/link`) },
    });
  });

  it('is not there while a pairing code is shown, which it doesn’t tell', async () => {
    account.linkCode = { method: 'code', code: 'ABCD1234', sequence: 1, expiresAt };
    const { status, body } = await get(url);
    expect({ status, body }).toMatchObject({ status: 409, body: { error: text('pairing code') } });
    expect(JSON.stringify(body)).not.toContain('ABCD');
  });
});

describe('the page', () => {
  it('brings scripts and styles from itself alone, and no secrets', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    expect(body).not.toMatch(/<script>| on\w+=|style=|https?:/);
    expect(body).not.toContain(number);
    expect(await get('/page.js')).toMatchObject({ status: 200, headers: { 'content-type': text('text/javascript') } });
    expect(await get('/page.css')).toMatchObject({ status: 200, headers: { 'content-type': text('text/css') } });
  });

  it('puts what comes from elsewhere into the page as text', async () => {
    expect((await get('/page.js')).body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });
});

describe('what doesn’t exist', () => {
  it.each(['/api', '/api/account', '/api/accounts/1/2', '/../package.json', '/page/page.js', '/%2e%2e/package.json'])(
    'is told for %s, with what does',
    async (url) => {
      expect(await get(url)).toMatchObject({ status: 404, body: { action: text('GET /api/accounts/:number') } });
    },
  );

  it.each<[InjectOptions['method'], string, string]>([
    ['DELETE', `/api/accounts/${number}`, 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['PUT', '/api/reload', 'POST'],
    ['HEAD', '/api/events', 'GET'],
  ])('%s %s is told which methods there are', async (method, url, allow) => {
    expect(await api.ask(method, url)).toMatchObject({ status: 405, headers: { allow } });
  });
});
