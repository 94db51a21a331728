import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two ends of a local stream socket, as a worker's private line is one. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-pair-'));
  const server = createServer();
  try {
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const one = connect(join(folder, 'socket'));
    await once(one, 'connect');
    const [other] = await accepted;
    return [one, other];
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}
