import type { FastifyReply } from 'fastify';
import type { z } from 'zod';

import type { ControlledAccount, ControlledSupervisor, RequestAnswer } from './controlled.js';

/** Says what is wrong, and what to do about it. */
export function refuse(reply: FastifyReply, status: number, error: string, action: string | null): FastifyReply {
  return reply.code(status).send({ error, action });
}

/** What became of a person's request: it was accepted, or it can't be met as things are. */
export function answer(reply: FastifyReply, acceptedStatus: 200 | 202, outcome: RequestAnswer): FastifyReply {
  const { accepted, sentence, action } = outcome;
  return accepted ? reply.code(acceptedStatus).send({ sentence, action }) : refuse(reply, 409, sentence, action);
}

export interface AccountParameters {
  readonly Params: { readonly number: string };
}

/** The account that was asked for; undefined when it was answered that there is none. */
export function findAccount(
  { accounts }: ControlledSupervisor,
  number: string,
  reply: FastifyReply,
): ControlledAccount | undefined {
  const account = accounts.find((candidate) => candidate.number === number);
  if (account === undefined) {
    const known = accounts.map((candidate) => candidate.number).join(', ');
    refuse(reply, 404, `This supervisor has no account ${number}.`, `It has: ${known === '' ? 'none' : known}.`);
  }
  return account;
}

/** The value, if it is one; undefined when it was answered what is wrong with it. */
export function parseInput<Value>(
  schema: z.ZodType<Value>,
  input: unknown,
  reply: FastifyReply,
  { whole, action }: { readonly whole: 'body' | 'query'; readonly action: string },
): Value | undefined {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || whole}: ${message}`);
  refuse(reply, 400, problems.join('; '), action);
  return undefined;
}
