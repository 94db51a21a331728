import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Certificate } from './certificate.js';
import { ChatConnection } from './chat-connection.js';
import type { PageBundle } from './page-bundle.js';
import type { PageGate } from './page-gate.js';
import type { World } from './world.js';
import { versions } from './versions.js';

export interface WebServer {
  port: number;
  close(): Promise<void>;
}

const largestFrameBytes = 100 * 1024 * 1024;
/** As WhatsApp's limit for a document is 2 GB, this is the sandbox's own: uploads are kept in memory. */
const largestUploadBytes = 100 * 1024 * 1024;

/** What answers at https://web.whatsapp.com/: the page, its script, media, and two sockets for each page. */
export async function startWebServer(
  world: World,
  { certificate, page, gate }: { certificate: Certificate; page: PageBundle; gate: PageGate },
): Promise<WebServer> {
  const { port, build, socketTimeoutMs } = world.options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestFrameBytes });
  const open = new Set<Socket>();

  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const url = addressOf(request);
    response.setHeader('cache-control', 'no-store');
    if (!url) {
      response.statusCode = 400;
      send(response, 'text/plain', 'The sandbox does not understand this address.\n');
    } else if (url.pathname === '/') {
      world.counters.pageLoads += 1;
      world.changed();
      gate.pass(response, () => send(response, 'text/html; charset=utf-8', page.html));
    } else if (url.pathname === '/app.js') {
      world.counters.scriptLoads += 1;
      world.changed();
      const { modules } = world;
      const configuration = { pageId: randomUUID(), version: versions[build], build, socketTimeoutMs, modules };
      gate.passScript(() => send(response, 'text/javascript; charset=utf-8', page.script(configuration)));
    } else if (url.pathname.startsWith('/media/') && world.media.has(url.pathname)) {
      send(response, 'application/octet-stream', world.media.get(url.pathname) ?? '');
    } else if (url.pathname === '/media' && request.method === 'POST') {
      receiveUpload(request, response, world);
    } else {
      response.statusCode = 404;
      send(response, 'text/plain', `The sandbox has nothing at ${url.pathname}.\n`);
    }
  });

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const url = addressOf(request);
    if (!url) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    const cut = url.pathname === '/ws/chat' && world.network.cut === true;
    if (cut || !url.pathname.startsWith('/ws/')) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (url.pathname === '/ws/stage') world.pages.enter(url.searchParams.get('page') ?? '', webSocket);
      else world.connections.add(new ChatConnection(webSocket, world));
    });
  });

  server.on('secureConnection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = error.code === 'EADDRINUSE' ? ' Choose another port, or 0 for any free one.' : '';
      reject(new Error(`The sandbox can't listen on port ${port}: ${error.message}.${remedy}`));
    });
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.setHeader('content-type', type);
  response.end(body);
}

/** Undefined for what is no address, which anybody can send. */
function addressOf(request: IncomingMessage): URL | undefined {
  try {
    return new URL(request.url ?? '/', 'https://web.whatsapp.com');
  } catch {
    return undefined;
  }
}

/** An upload that is too large is heard to its end, and not kept: a browser reads no answer before that. */
function receiveUpload(request: IncomingMessage, response: ServerResponse, world: World): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= largestUploadBytes) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => {
    if (bytes > largestUploadBytes) {
      response.statusCode = 413;
      send(response, 'text/plain', `The sandbox takes uploads of up to ${largestUploadBytes} bytes.\n`);
      return;
    }
    const directPath = world.keepMedia(Buffer.concat(chunks));
    send(response, 'application/json', JSON.stringify({ directPath }));
  });
}
