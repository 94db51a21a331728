import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Logger } from '../../../shared/logger.js';
import { keepSecret } from '../../../shared/secrets.js';
import { askSupervisor } from '../../../supervisor/control/ask-supervisor.js';
import { type ClaimedFolder, claimSessionsFolder } from '../../../supervisor/control/claim-sessions-folder.js';
import { openControl, type OpenControl } from '../../../supervisor/control/open-control.js';
import { controlSocketPath } from '../../../supervisor/control/socket-address.js';
import { until } from '../../support/until.js';
import { FakeAccount, FakeSupervisor, listeningView, number } from './fake-supervisor.js';

const token = 'a-token-of-some-length';
let folder: string;
let supervisor: FakeSupervisor;
let claimed: ClaimedFolder;
let control: OpenControl | undefined;
let lines: { level: string; line: string }[];
let log: Logger;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-doors-'));
  supervisor = new FakeSupervisor(new FakeAccount());
  lines = [];
  const say = (level: string) => (line: string) => void lines.push({ level, line });
  log = { info: say('info'), warn: say('warn'), error: say('error') } as unknown as Logger;
  claimed = await claimSessionsFolder(folder, log);
});
afterEach(async () => {
  await control?.close();
  control = undefined;
  await claimed.close();
  await rm(folder, { recursive: true });
});

async function open(
  http: Partial<{ host: string; port: number; token: string | undefined }> = {},
): Promise<OpenControl> {
  const configured = { host: '127.0.0.1', port: 0, token, ...http };
  control = await openControl(supervisor, claimed, { http: configured, sessionsDirectory: folder }, log);
  return control;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** @param door the page's address; a folder for its socket. */
async function ask(
  door: string | undefined,
  path: string,
  headers: OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<Answer> {
  const response = await begin(door, path, headers, method);
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += String(part);
  return { status: response.statusCode, headers: response.headers, body };
}

async function begin(
  door: string | undefined,
  path: string,
  headers: OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<IncomingMessage> {
  if (door === undefined) throw new Error('The port could not be had.');
  const options = { path, method, headers, agent: false };
  const asked = door.startsWith('http')
    ? httpRequest(new URL(door), options)
    : httpRequest({ ...options, socketPath: controlSocketPath(door) });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

const shown = { authorization: `Bearer ${token}` };

describe('the socket', () => {
  it('asks for no token', async () => {
    await open();
    const { status, body } = await ask(folder, '/api/accounts');
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({ status: 200, body: [listeningView] });
    expect(await askSupervisor(folder, `/api/accounts/${number}/restart`, {})).toMatchObject({ status: 202 });
  });

  it('serves also when the port is taken, which is one warning with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect((await open({ port })).url).toBeUndefined();
    expect(lines).toEqual([
      { level: 'warn', line: expect.stringMatching(new RegExp(`uses 127.0.0.1:${port}.*WASUP_HTTP_PORT`)) as string },
    ]);
    expect((await ask(folder, '/api/accounts')).status).toBe(200);
    other.close();
  });

  it('serves also where the address is none of this machine', async () => {
    expect((await open({ host: '192.0.2.1' })).url).toBeUndefined();
    expect(lines).toEqual([{ level: 'warn', line: expect.stringContaining('WASUP_HTTP_HOST') as string }]);
  });
});

describe('the HTTP port', () => {
  it('is told, and the token is not', async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(lines).toEqual([{ level: 'info', line: expect.stringContaining(url ?? '') as string }]);
    expect(JSON.stringify(lines)).not.toContain(token);
  });

  it('is open to this machine alone, or there is one warning', async () => {
    await open({ host: '0.0.0.0' });
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', line: expect.stringContaining('open to other machines') as string },
    ]);
  });

  it.each([
    ['GET', '/metrics'],
    ['GET', '/api/accounts'],
    ['GET', '/%61pi/accounts'],
    ['GET', `/api/accounts/${number}`],
    ['GET', `/api/accounts/${number}/history`],
    ['GET', `/api/accounts/${number}/qr.svg`],
    ['GET', '/api/events'],
    ['HEAD', '/api/accounts'],
    ['POST', `/api/accounts/${number}/restart`],
    ['POST', `/api/accounts/${number}/link`],
    ['POST', `/api/accounts/${number}/unlink`],
    ['POST', '/api/reload'],
    ['GET', '/api/nothing'],
  ])('%s %s wants the token', async (method, path) => {
    const { url } = await open();
    for (const headers of [{}, { authorization: 'Bearer another-token-of-some-length' }, { authorization: token }]) {
      const answer = await ask(url, path, headers, method);
      expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="wasup"' } });
      expect(answer.body).not.toContain(number);
    }
    expect(supervisor.accounts.flatMap((account) => account.asked)).toEqual([]);
    expect(supervisor.reloads).toBe(0);
  });

  it('lets in who has it', async () => {
    const { url } = await open();
    expect(JSON.parse((await ask(url, '/api/accounts', shown)).body)).toEqual([listeningView]);
    expect((await ask(url, '/metrics', shown)).body).toContain(`wasup_account_listening{account="${number}"} 1`);
    expect(await ask(url, `/api/accounts/${number}/restart`, shown, 'POST')).toMatchObject({ status: 202 });
  });

  it('takes the kept token when none is configured', async () => {
    const { url } = await open({ token: undefined });
    const kept = (await readFile(join(folder, '.http-token'), 'utf8')).trim();
    expect(await ask(url, '/api/accounts', { authorization: `Bearer ${kept}` })).toMatchObject({ status: 200 });
    expect(JSON.stringify(lines)).toContain('.http-token');
    expect(JSON.stringify(lines)).not.toContain(kept);
  });

  it('tells anybody how the supervisor is, and shows the page, but no number', async () => {
    const { url } = await open();
    supervisor.accounts[0]?.become({ isActive: false, state: 'backoff', sentence: 'Waiting.', reason: `of ${number}` });
    for (const [path, status] of [
      ['/healthz', 200],
      ['/readyz', 503],
      ['/', 200],
      ['/page.js', 200],
      ['/page.css', 200],
    ] as const) {
      const answer = await ask(url, path);
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain(number);
    }
    expect((await ask(url, '/readyz', shown)).body).toContain(number);
  });

  it.each([
    ['the name of another site', { host: 'evil.example' }],
    ['another site’s page', { origin: 'http://evil.example' }],
    ['a page without an address', { origin: 'null' }],
  ])('refuses %s, with the token too, whatever is asked', async (_name, headers) => {
    const { url } = await open();
    for (const path of ['/api/accounts', '/healthz', '/', '/nothing']) {
      expect((await ask(url, path, { ...shown, ...headers })).status).toBe(403);
    }
    expect((await ask(url, `/api/accounts/${number}/unlink`, { ...shown, ...headers }, 'POST')).status).toBe(403);
    expect(supervisor.accounts[0]?.asked).toEqual([]);
  });

  it('refuses who names no host at all', async () => {
    const { url } = await open();
    const socket = connect(Number(new URL(url ?? '').port), '127.0.0.1');
    socket.end('GET /healthz HTTP/1.0\r\n\r\n');
    let answer = '';
    for await (const part of socket.setEncoding('utf8')) answer += String(part);
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
  });
});

describe('the events', () => {
  /** The events of a listener, as they come. */
  async function follow(
    door: string | undefined,
    headers: OutgoingHttpHeaders = {},
  ): Promise<{ seen: string[]; ended: Promise<unknown> }> {
    const response = await begin(door, '/api/events', headers);
    expect(response).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    });
    const seen: string[] = [];
    let rest = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      const blocks = (rest + part).split('\n\n');
      rest = blocks.pop() ?? '';
      seen.push(...blocks);
    });
    return { seen, ended: once(response, 'close') };
  }
  /** The first two are the time to wait before coming again, and the account as it is. */
  const untilSeen = (seen: readonly string[], count: number): Promise<true> =>
    until(() => (seen.length >= count ? true : undefined), { expectation: () => `${count} events: ${seen.join(' ')}` });

  it('begin with the present, and then tell of each that comes', async () => {
    const { url } = await open();
    const { seen } = await follow(url, shown);
    await untilSeen(seen, 2);
    supervisor.events.emit('account', { ...listeningView, state: 'degraded', reason: 'a\n\nb' });
    supervisor.events.emit('alert', { number, alert: { kind: 'conflict', sentence: 'Open elsewhere.', action: null } });
    supervisor.events.emit('failure', { number, class: 'NETWORK', reason: 'away' });
    supervisor.events.emit('anomaly', { number, kind: 'late-message', what: 'for the log' });
    supervisor.events.emit('removed', { number });
    await untilSeen(seen, 6);
    expect(seen.map((event) => /^event: (\w+)$/m.exec(event)?.[1])).toEqual([
      undefined,
      'account',
      'account',
      'alert',
      'failure',
      'removed',
    ]);
    expect(JSON.parse(seen[1]?.split('data: ')[1] ?? '')).toEqual(listeningView);
    expect(JSON.parse(seen[2]?.split('data: ')[1] ?? '')).toMatchObject({ state: 'degraded', reason: 'a\n\nb' });
  });

  it('have no secret of the operator in them, wherever it stands', async () => {
    const secret = 'secret-of-the-operator';
    keepSecret(secret);
    const told = `The address http://me:password@proxy, and ${secret}`;
    supervisor.accounts[0]?.become({ reason: told });
    await open();
    const { seen } = await follow(folder);
    await untilSeen(seen, 2);
    supervisor.events.emit('account', { ...listeningView, reason: told, userAction: told });
    supervisor.events.emit('alert', { number, alert: { kind: 'conflict', sentence: told, action: told } });
    supervisor.events.emit('failure', { number, class: 'NETWORK', reason: told });
    await untilSeen(seen, 5);
    for (const event of seen.slice(1)) {
      expect(event).toContain('The address http://***@proxy, and ***');
      expect(event).not.toMatch(/secret-of-the-operator|me:password/);
    }
  });

  it('end for all when the control closes, and nothing is listened for any more', async () => {
    const { url } = await open();
    const followers = await Promise.all([follow(url, shown), follow(folder), follow(folder)]);
    await control?.close();
    await Promise.all(followers.map(({ ended }) => ended));
    expect(supervisor.events.listenerCount('removed')).toBe(0);
  });

  it('are not kept for who doesn’t read, and go on for who does', async () => {
    await open();
    const reading = await follow(folder);
    const stuck = await begin(folder, '/api/events');
    stuck.pause();
    // Far more than the kernel holds for it, in portions that the other one reads meanwhile.
    for (let told = 0; told < 300; told += 1) {
      supervisor.events.emit('account', { ...listeningView, reason: 'x'.repeat(10_000) });
      await untilSeen(reading.seen, 3 + told);
    }
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => stuck.once('error', resolve).resume());
    expect(error.code).toBe('ECONNRESET');
    supervisor.events.emit('removed', { number });
    await untilSeen(reading.seen, 303);
  });

  it('are told to so many and no more', async () => {
    await open();
    for (let count = 0; count < 32; count += 1) await begin(folder, '/api/events');
    expect(await ask(folder, '/api/events')).toMatchObject({ status: 503 });
    expect((await ask(folder, '/healthz')).status).toBe(200);
  });
});
