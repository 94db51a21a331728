import { fastify } from 'fastify';
import type { Sandbox } from '../index.js';

/** The sandbox over HTTP, on loopback, for tools that are not written in TypeScript and for the `wasup sandbox` command. */
export async function startControlServer(
  sandbox: Sandbox,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = fastify({ logger: false });
  server.get('/', () => ({ sandbox: sandbox.version }));
  const url = await server.listen({ host: '127.0.0.1', port });
  return { url, close: () => server.close() };
}
