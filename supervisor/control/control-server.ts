import { createServer, type RequestListener, type Server } from 'node:http';

/** Who waits for an answer is a person or two and their tools. */
const maxConnections = 100;

export interface ControlServer {
  readonly server: Server;
  /** Has this answer what is asked from now on. */
  serve(listener: RequestListener): void;
  /** Resolves when nobody is served any more. */
  close(): Promise<void>;
}

/** A server that says that it is starting until there is something to serve. Doesn't keep the process alive. */
export function createControlServer(): ControlServer {
  let listener: RequestListener = (_request, response) => {
    const body = JSON.stringify({
      error: 'wasup is starting.',
      action: 'Ask again in a moment.',
      starting: true,
      pid: process.pid,
    });
    response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(body);
  };
  const server = createServer((request, response) => listener(request, response));
  server.maxConnections = maxConnections;
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
