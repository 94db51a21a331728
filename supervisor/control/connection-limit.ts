import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection, as far as it decides which of them makes room for another. */
export interface HeldConnection {
  /** Whether a request has arrived whole, and its answer is under way. */
  readonly isAnswering: boolean;
}

/**
 * Which connection goes when there are too many, oldest first: the oldest one that is not being answered. Where all are, the newest, which is
 * the one that asks for a place. Pure.
 */
export function chooseEvicted<Connection extends HeldConnection>(
  connections: readonly Connection[],
): Connection | undefined {
  return connections.find(({ isAnswering }) => !isAnswering) ?? connections.at(-1);
}

/** Keeps a server at so many connections at most. One that opens connections and asks nothing takes nobody's place for good. */
export function limitConnections(server: Server, maxConnections: number): void {
  const held = new Map<Socket, IncomingMessage | undefined>();
  server.on('connection', (socket: Socket) => {
    held.set(socket, undefined);
    socket.once('close', () => held.delete(socket));
    if (held.size <= maxConnections) return;
    const connections = [...held].map(([one, request]) => ({ socket: one, isAnswering: request?.complete === true }));
    // It is a connection no more, though the system takes a moment to say so.
    const evicted = chooseEvicted(connections)?.socket;
    if (evicted === undefined) return;
    held.delete(evicted);
    evicted.destroy();
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (held.has(socket)) held.set(socket, request);
    response.once('close', () => {
      if (held.has(socket)) held.set(socket, undefined);
    });
  });
}
