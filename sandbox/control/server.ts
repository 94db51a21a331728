import type { FastifyReply } from 'fastify';
import { fastify } from 'fastify';
import type { Sandbox } from '../index.js';
import { InvalidInput } from '../options.js';
import { WaitTimeout } from '../wait.js';
import { describeSandbox } from './describe.js';
import { phoneActions, phoneLists } from './phone-routes.js';
import { sandboxActions } from './sandbox-routes.js';

export interface ControlServer {
  url: string;
  close(): Promise<void>;
}

/** The sandbox over HTTP, on loopback, for the `wasup sandbox` command and for tests in other languages. */
export async function startControlServer(sandbox: Sandbox, port: number): Promise<ControlServer> {
  // Media come as base64 in the body.
  const server = fastify({ logger: false, bodyLimit: 100 * 1024 * 1024, forceCloseConnections: true });

  // A page in somebody's browser must not reach this: neither through a name that resolves to loopback, nor by sending
  // what it may send anywhere without reading the answer.
  server.addHook('onRequest', async (request, reply) => {
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) {
      await refuse(reply, 403, 'The control API answers only at 127.0.0.1 and localhost.');
    } else if (request.headers.origin !== undefined) {
      await refuse(reply, 403, 'The control API is not for pages in a browser.');
    }
  });

  server.get('/status', () => describeSandbox(sandbox));
  for (const [name, act] of Object.entries(sandboxActions)) {
    server.post(`/${name}`, (request) => act(sandbox, request.body ?? {}) ?? {});
  }
  server.get<{ Params: { number: string } }>('/phones/:number', ({ params }) => sandbox.phone(params.number).status);
  for (const [name, list] of Object.entries(phoneLists)) {
    server.get<{ Params: { number: string } }>(`/phones/:number/${name}`, ({ params }) =>
      list(sandbox.phone(params.number)),
    );
  }
  for (const [name, act] of Object.entries(phoneActions)) {
    server.post<{ Params: { number: string } }>(
      `/phones/:number/${name}`,
      async ({ params, body }) => (await act(sandbox.phone(params.number), body ?? {})) ?? {},
    );
  }

  server.setNotFoundHandler(async ({ method, url }, reply) => {
    const known = [
      'GET /status',
      ...Object.keys(sandboxActions).map((name) => `POST /${name}`),
      'GET /phones/:number',
      ...Object.keys(phoneLists).map((name) => `GET /phones/:number/${name}`),
      ...Object.keys(phoneActions).map((name) => `POST /phones/:number/${name}`),
    ];
    await refuse(reply, 404, `There is no ${method} ${url}. There are: ${known.join(', ')}.`);
  });
  server.setErrorHandler(async (error, _request, reply) => refuse(reply, statusOf(error), messageOf(error)));

  const url = await server.listen({ host: '127.0.0.1', port }).catch((error: unknown) => {
    throw new Error(
      `The control API can't listen on port ${port}: ${messageOf(error)}. Choose another --control-port.`,
    );
  });
  return { url, close: () => server.close() };
}

async function refuse(reply: FastifyReply, status: number, error: string): Promise<void> {
  await reply.code(status).send({ error });
}

function statusOf(error: unknown): number {
  if (error instanceof InvalidInput) return 400;
  if (error instanceof WaitTimeout) return 504;
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  // The request was fine, the sandbox is not in a state for it: no such message, no page, nobody to link.
  return 409;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
