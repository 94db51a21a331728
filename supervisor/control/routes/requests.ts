import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { linkMethods } from '../../../shared/link-answer.js';
import { type AccountParameters, answer, findAccount, parseInput, refuse } from '../answers.js';
import type { ControlApiOptions } from '../control-api.js';

const nothing = z.strictObject({});
const restartBody = z.strictObject({ freshBrowser: z.boolean().default(false) });
const linkBody = z.strictObject({ method: z.enum(linkMethods).default('qr') });

/** What a person can ask for. */
export function addRequestRoutes(api: FastifyInstance, { supervisor }: ControlApiOptions): void {
  api.post<AccountParameters>('/api/accounts/:number/restart', ({ params, body }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    if (account === undefined) return reply;
    const action = 'Send {}, or {"freshBrowser": true} for another browser, too.';
    const wanted = parseInput(restartBody, body, reply, { whole: 'body', action });
    return wanted === undefined ? reply : answer(reply, 202, account.requestRestart(wanted));
  });

  api.post<AccountParameters>('/api/accounts/:number/link', async ({ params, body }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    if (account === undefined) return reply;
    const action = 'Send {"method": "qr"}, or {"method": "code"} for a pairing code.';
    const wanted = parseInput(linkBody, body, reply, { whole: 'body', action });
    return wanted === undefined ? reply : answer(reply, 202, await account.requestLink(wanted.method));
  });

  api.post<AccountParameters>('/api/accounts/:number/unlink', async ({ params, body }, reply) => {
    const account = findAccount(supervisor, params.number, reply);
    if (account === undefined) return reply;
    const wanted = parseInput(nothing, body, reply, { whole: 'body', action: 'Send {}.' });
    return wanted === undefined ? reply : answer(reply, 200, await account.requestUnlink());
  });

  api.post('/api/reload', async ({ body }, reply) => {
    if (parseInput(nothing, body, reply, { whole: 'body', action: 'Send {}.' }) === undefined) return reply;
    const { accepted, ...outcome } = await supervisor.reload();
    if (accepted) return reply.send(outcome);
    return refuse(reply, 409, outcome.sentence, 'Mend the configuration and ask again; until then nothing changes.');
  });
}
