import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';

/** Whoever comes to the sandbox's port, and whatever a page sends: the process that the sandbox runs in lives on. */
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startSandbox();
});

afterEach(() => sandbox.close());

const login = {
  type: 'login',
  credentials: null,
  keys: { noise: '', identity: '', adv: '' },
  pageId: 'made-up',
  living: false,
};

/** The status of the answer; the path goes out as it is, valid or not. */
async function ask(options: RequestOptions, body?: (send: NodeJS.WritableStream) => void): Promise<number | undefined> {
  const query = request({ hostname: '127.0.0.1', port: sandbox.port, rejectUnauthorized: false, ...options });
  const answered = once(query, 'response') as Promise<[{ statusCode?: number; resume(): void }]>;
  body?.(query);
  query.end();
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}

async function openSocket(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${sandbox.port}${path}`, { rejectUnauthorized: false });
  await once(socket, 'open');
  return socket;
}

test('a request with an address that is none is a 400', async () => {
  expect(await ask({ path: '//' })).toBe(400);
  expect(await ask({ path: '/nothing' })).toBe(404);
});

test('an upgrade with an address that is none is a 400', async () => {
  const socket = connect({ host: '127.0.0.1', port: sandbox.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write('GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  await once(socket, 'close');
});

test.each([
  ['/ws/chat', 'hello'],
  ['/ws/chat', '{"type":"dance"}'],
  ['/ws/chat', JSON.stringify({ ...login, keys: null })],
  ['/ws/stage?page=made-up', 'hello'],
  ['/ws/stage?page=made-up', '{"type":"dance"}'],
])('the socket %s that sends %s is closed, and it is noted', async (path, frame) => {
  const socket = await openSocket(path);
  socket.send(frame);
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1007);
  expect(sandbox.pageErrors).toEqual([expect.stringContaining(frame.slice(0, 20))]);
});

test('an upload is taken up to a limit', async () => {
  const chunk = Buffer.alloc(16 * 1024 * 1024);
  const upload = (chunks: number): Promise<number | undefined> =>
    ask({ path: '/media', method: 'POST' }, (send) => {
      for (let sent = 0; sent < chunks; sent += 1) send.write(chunk);
    });
  expect(await upload(1)).toBe(200);
  expect(await upload(7)).toBe(413);
});

test('a login that arrives after its socket has closed changes nothing', async () => {
  const socket = await openSocket('/ws/chat');
  sandbox.network({ latencyMs: 100 });
  socket.send(JSON.stringify(login));
  socket.close();
  await once(socket, 'close');
  const later = await openSocket('/ws/chat');
  later.send(JSON.stringify(login));
  await once(later, 'message');
  expect(sandbox.counters.qrRefsServed).toBe(1);
});
