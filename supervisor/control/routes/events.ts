import type { ServerResponse } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { redact } from '../../../shared/secrets.js';
import { refuse } from '../answers.js';
import type { ControlApiOptions } from '../control-api.js';
import type { SupervisorEvents } from '../controlled.js';

const defaultHeartbeatMs = 15_000;
/** Who has not read this much is not reading. */
const maxUnreadBytes = 256 * 1024;
/** Some dashboards and tools of one operator. */
const maxListeners = 32;

const eventNames = ['account', 'removed', 'alert', 'failure', 'attempt'] as const satisfies (keyof SupervisorEvents)[];

/** What happens, as it happens (server-sent events); first the present state of each account. */
export function addEventRoutes(api: FastifyInstance, options: ControlApiOptions): void {
  const { supervisor, eventHeartbeatMs = defaultHeartbeatMs } = options;
  const listeners = new Set<ServerResponse>();
  const tell = (text: string): void => {
    for (const listener of listeners) send(listener, text);
  };
  const stopHearing = eventNames.map((name) => hear(name, (data) => tell(event(name, data))));
  const heartbeat = setInterval(() => tell(': still here\n\n'), eventHeartbeatMs).unref();

  function hear(name: keyof SupervisorEvents, act: (data: unknown) => void): () => void {
    const listener = (...[data]: unknown[]): void => act(data);
    supervisor.events.on(name, listener);
    return () => void supervisor.events.off(name, listener);
  }

  api.get('/api/events', { exposeHeadRoute: false }, (_request, reply) => {
    if (listeners.size >= maxListeners) {
      refuse(reply, 503, `${maxListeners} others listen already.`, 'Close one of them.');
      return;
    }
    reply.hijack();
    const response = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    if (response.destroyed) return;
    response.on('close', () => listeners.delete(response));
    response.on('error', () => response.destroy());
    listeners.add(response);
    const present = supervisor.accounts.map((account) => event('account', account.view()));
    send(response, `retry: 2000\n\n${present.join('')}`);
  });

  api.addHook('onClose', () => {
    clearInterval(heartbeat);
    for (const stop of stopHearing) stop();
    for (const listener of listeners) listener.end();
  });
}

function event(name: string, data: unknown): string {
  // JSON has no line breaks of its own, and an event ends at an empty line.
  return `event: ${name}\ndata: ${redact(JSON.stringify(data))}\n\n`;
}

function send(listener: ServerResponse, text: string): void {
  listener.write(text);
  if (listener.writableLength > maxUnreadBytes) listener.destroy();
}
