import { createServer, type RequestListener, type Server } from 'node:http';

import { limitConnections } from './connection-limit.js';

export interface ConnectionLimits {
  /** Connections that are open at the same time. */
  readonly maxConnections: number;
  /** From its first byte to the end of a request's head, in ms. */
  readonly headersTimeoutMs: number;
  /** The same to the end of the request. */
  readonly requestTimeoutMs: number;
  /** How often the two are looked at, in ms. */
  readonly checkIntervalMs: number;
  /** A connection on which nothing is asked, in ms. */
  readonly idleTimeoutMs: number;
  /** One whose answer is not being read, in ms. The events of a listener that reads come more often. */
  readonly stuckTimeoutMs: number;
}

/** For a person or two and their tools, who ask from this machine or through a proxy beside it. */
const ownLimits: ConnectionLimits = {
  maxConnections: 100,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  checkIntervalMs: 1_000,
  idleTimeoutMs: 5_000,
  stuckTimeoutMs: 60_000,
};

export interface ControlServer {
  readonly server: Server;
  /** Has this answer what is asked from now on. */
  serve(listener: RequestListener): void;
  /** Resolves when nobody is served any more. */
  close(): Promise<void>;
}

/** A server that says that it is starting until there is something to serve. Doesn't keep the process alive. */
export function createControlServer(limits: ConnectionLimits = ownLimits): ControlServer {
  let listener: RequestListener = (_request, response) => {
    const body = JSON.stringify({
      error: 'wasup is starting.',
      action: 'Ask again in a moment.',
      starting: true,
      pid: process.pid,
    });
    response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(body);
  };
  const { headersTimeoutMs, requestTimeoutMs, checkIntervalMs, idleTimeoutMs, stuckTimeoutMs } = limits;
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      keepAliveTimeout: idleTimeoutMs,
    },
    (request, response) => listener(request, response),
  );
  server.setTimeout(stuckTimeoutMs);
  limitConnections(server, limits.maxConnections);
  server.unref();
  return {
    server,
    serve: (next) => (listener = next),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Binds, whatever it is bound to. Resolves when it listens. */
export async function listening(server: Server, listen: () => void): Promise<void> {
  const bound = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  listen();
  await bound;
  server.removeAllListeners('error');
  // Of single connections (no descriptors left): others will come.
  server.on('error', () => undefined);
}
