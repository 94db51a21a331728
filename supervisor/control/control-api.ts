import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';

import { describeError } from '../../shared/errors.js';
import { linkMethods } from '../../shared/link-answer.js';
import type { ControlledAccount } from './controlled-account.js';

const linkBody = z.strictObject({ method: z.enum(linkMethods).default('qr') });
/** Nothing that is said here needs more. */
const bodyLimitBytes = 16 * 1024;

/** What can be asked of a running supervisor, over HTTP. Errors are `{error, action}`: what is wrong, and what to do. */
export function createControlApi(accounts: readonly ControlledAccount[]): FastifyInstance {
  const api = fastify({ logger: false, bodyLimit: bodyLimitBytes, forceCloseConnections: true });

  api.post<{ Params: { number: string } }>('/api/accounts/:number/link', async ({ params, body }, reply) => {
    const account = accounts.find(({ number }) => number === params.number);
    if (account === undefined) {
      const known = accounts.map(({ number }) => number).join(', ');
      return refuse(reply, 404, `This supervisor has no account ${params.number}.`, `It has: ${known}.`);
    }
    const request = linkBody.safeParse(body ?? {});
    if (!request.success) return refuse(reply, 400, describeProblems(request.error), 'Send {"method": "qr"}.');
    const { accepted, sentence, action } = await account.requestLink(request.data.method);
    if (!accepted) return refuse(reply, 409, sentence, action);
    return reply.code(202).send({ sentence });
  });

  api.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, `There is no ${request.method} ${request.url}.`, 'There is: POST /api/accounts/<number>/link.'),
  );
  api.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    const action = status < 500 ? 'Send a JSON object.' : 'This is a bug of wasup; please report it.';
    return refuse(reply, status, describeError(error), action);
  });
  return api;
}

function refuse(reply: FastifyReply, status: number, error: string, action: string | null): FastifyReply {
  return reply.code(status).send({ error, action });
}

function describeProblems({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}

/** Fastify's own errors (a body that is no JSON, or too long) bring their status. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
