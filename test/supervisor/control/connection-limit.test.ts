import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { chooseEvicted } from '../../../supervisor/control/connection-limit.js';
import {
  type ConnectionLimits,
  type ControlServer,
  createControlServer,
  listening,
} from '../../../supervisor/control/control-server.js';
import { until } from '../../support/until.js';

describe('of too many connections', () => {
  const idle = { isAnswering: false };
  const answering = { isAnswering: true };

  it.each([
    ['the oldest that is not being answered', [answering, idle, answering, idle], 1],
    ['the newest, where all others are', [answering, answering, idle], 2],
    ['the newest, where all are', [answering, answering, answering], 2],
  ])('%s goes', (_which, connections, expected) => {
    const marked = connections.map((connection) => ({ ...connection }));
    expect(chooseEvicted(marked)).toBe(marked[expected]);
  });
});

/** Times that no test waits for, unless it says another. */
const limits: ConnectionLimits = {
  maxConnections: 100,
  headersTimeoutMs: 600_000,
  requestTimeoutMs: 600_000,
  checkIntervalMs: 20,
  idleTimeoutMs: 600_000,
  stuckTimeoutMs: 600_000,
};
let folder: string;
let control: ControlServer | undefined;
let sockets: Socket[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-door-'));
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await control?.close();
  control = undefined;
  await rm(folder, { recursive: true });
});

type Door = { readonly port: number; readonly host: string } | { readonly path: string };

async function open(door: 'port' | 'socket', own: Partial<ConnectionLimits> = {}): Promise<Door> {
  const opened = createControlServer({ ...limits, ...own });
  const { server } = opened;
  control = opened;
  opened.serve((request, response) => {
    if (request.url === '/never') response.writeHead(200).write('begun');
    else request.resume().on('end', () => response.end('answered'));
  });
  const path = join(folder, 'door.sock');
  await listening(
    control.server,
    () => void server.listen(door === 'port' ? { port: 0, host: '127.0.0.1' } : { path }),
  );
  return door === 'port' ? { port: (server.address() as AddressInfo).port, host: '127.0.0.1' } : { path };
}

/** A connection on which so much is said. */
async function hold(door: Door, said: string): Promise<Socket> {
  const socket = connect(door);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(said);
  return socket;
}

async function ask(door: Door): Promise<string> {
  const where = 'path' in door ? { socketPath: door.path } : door;
  const asked = httpRequest({ ...where, path: '/', agent: false }).end();
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
  let text = '';
  for await (const part of response) text += String(part);
  return text;
}

const half = 'GET / HTTP/1.1\r\nHost: 127';
const halfBody = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{';
const whole = 'GET /never HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

describe.each(['port', 'socket'] as const)('at the %s', (name) => {
  it.each([
    ['that say half a head', half],
    ['that say half a body', halfBody],
    ['that say nothing', ''],
  ])('150 connections %s keep nobody out', async (_what, said) => {
    const door = await open(name);
    for (let count = 0; count < 150; count += 1) await hold(door, said);
    expect(await ask(door)).toBe('answered');
    await until(() => sockets.filter(({ closed }) => closed).length >= 51 || undefined, {
      expectation: () => 'the oldest of them to be closed',
    });
    expect(sockets.slice(-40).some(({ closed }) => closed)).toBe(false);
  });

  it('a connection that is being answered keeps its place', async () => {
    const door = await open(name, { maxConnections: 5 });
    const answered = await hold(door, whole);
    await once(answered, 'data');
    for (let count = 0; count < 20; count += 1) await hold(door, half);
    expect(await ask(door)).toBe('answered');
    expect(answered.closed).toBe(false);
  });

  it('a request whose head or body doesn’t come is ended after its time', async () => {
    const door = await open(name, { headersTimeoutMs: 50, requestTimeoutMs: 50 });
    await Promise.all([half, halfBody].map(async (said) => once((await hold(door, said)).resume(), 'close')));
    expect(await ask(door)).toBe('answered');
  });

  it('an answer that isn’t read is ended after its time', async () => {
    const door = await open(name, { stuckTimeoutMs: 50 });
    await once((await hold(door, whole)).resume(), 'close');
  });
});
