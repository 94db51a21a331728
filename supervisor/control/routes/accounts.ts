import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { maxHistoryEntries } from '../../../shared/session-history.js';
import { type AccountParameters, findAccount, parseInput, refuse } from '../answers.js';
import type { ControlApiOptions } from '../control-api.js';

const historyQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,6}$/, `a whole number from 1 to ${maxHistoryEntries} is wanted`)
    .transform(Number)
    .pipe(z.int().min(1).max(maxHistoryEntries))
    .optional(),
});

/** What is known of the accounts. */
export function addAccountRoutes(api: FastifyInstance, { supervisor }: ControlApiOptions): void {
  api.get('/api/accounts', () => supervisor.accounts.map((account) => account.view()));

  api.get<AccountParameters>('/api/accounts/:number', ({ params }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    return account === undefined ? reply : reply.send(account.view());
  });

  api.get<AccountParameters>('/api/accounts/:number/history', async ({ params, query }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    if (account === undefined) return reply;
    const action = 'Ask with ?limit=50, or without it for all there is.';
    const wanted = parseInput(historyQuery, query, reply, { whole: 'query', action });
    if (wanted === undefined) return reply;
    return (await account.history()).slice(-(wanted.limit ?? maxHistoryEntries));
  });

  api.get<AccountParameters>('/api/accounts/:number/qr.svg', async ({ params }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    if (account === undefined) return reply;
    const { linkCode } = account;
    if (linkCode === undefined) {
      const { isActive, sentence } = account.view();
      const action = isActive
        ? 'The device is linked already.'
        : `Ask for one: POST /api/accounts/${params.number}/link.`;
      return refuse(reply, 404, `There is no QR code to scan. ${sentence}`, action);
    }
    if (linkCode.method === 'code') {
      const action = `Read it where wasup runs, or ask for a QR code: POST /api/accounts/${params.number}/link.`;
      return refuse(reply, 409, 'The device is being linked with a pairing code, which is no picture.', action);
    }
    const { toString: draw } = await import('qrcode');
    return reply.type('image/svg+xml').send(await draw(linkCode.code, { type: 'svg', margin: 4 }));
  });
}
