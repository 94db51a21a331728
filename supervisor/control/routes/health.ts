import type { FastifyInstance, FastifyRequest } from 'fastify';

import { readVersion } from '../../version.js';
import { refuse } from '../answers.js';
import type { ControlApiOptions } from '../control-api.js';
import type { AccountView } from '../controlled.js';

/** How the supervisor itself is, whether the accounts listen, and the metrics. */
export function addHealthRoutes(
  api: FastifyInstance,
  { supervisor, renderMetrics }: ControlApiOptions,
  isTrusted: (request: FastifyRequest) => boolean,
): void {
  const version = readVersion();

  api.get('/healthz', () => ({
    status: 'ok',
    pid: process.pid,
    version,
    uptimeSeconds: Math.round(process.uptime()),
    accounts: supervisor.accounts.length,
  }));

  api.get('/readyz', (request, reply) => {
    const views = supervisor.accounts.map((account) => account.view());
    const others = views.filter(({ isActive }) => !isActive);
    const counts = { accounts: views.length, listening: views.length - others.length };
    if (views.length === 0) {
      return reply
        .code(503)
        .send({ error: 'There are no accounts.', action: 'Configure one: WASUP_ACCOUNTS.', ...counts });
    }
    if (others.length === 0) return reply.send({ status: 'ready', ...counts });
    const error = `${others.length} of ${views.length} accounts ${others.length === 1 ? 'is' : 'are'} not listening.`;
    // Who hasn't shown the token isn't told whose numbers these are.
    if (!isTrusted(request)) {
      return reply.code(503).send({ error, action: 'Ask with the token for which, and why.', ...counts });
    }
    const action = others.find(({ userAction }) => userAction !== null)?.userAction ?? null;
    return reply.code(503).send({ error, action, ...counts, notListening: others.map(describe) });
  });

  api.get('/metrics', async (_request, reply) => {
    const text = await renderMetrics().catch(() => undefined);
    if (text === undefined) return refuse(reply, 500, 'The metrics could not be put together.', 'Please report it.');
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}

function describe({ number, sentence, reason, userAction }: AccountView): string {
  const parts = [sentence, reason, userAction].filter((part) => part !== null);
  return `+${number}: ${parts.map((part) => (/[.!?…]$/.test(part) ? part : `${part}.`)).join(' ')}`;
}
