import { z } from 'zod';

import { boundText } from '../bounded-text.js';
import {
  type SupervisorMessage,
  supervisorMessageSchema,
  type WorkerMessage,
  workerMessageSchema,
} from './messages.js';

export type Parsed<Message> = { ok: true; message: Message } | { ok: false; problem: string };

/** Names of members that nobody knows can be of any length, and so many. */
const maxProblemBytes = 1_024;

/** Validates what a worker sent. Never throws: a malformed message is a value with the sentence that says what was wrong. */
export function parseWorkerMessage(raw: unknown): Parsed<WorkerMessage> {
  return parse(workerMessageSchema, raw);
}

/** Validates what the supervisor sent. Never throws. */
export function parseSupervisorMessage(raw: unknown): Parsed<SupervisorMessage> {
  return parse(supervisorMessageSchema, raw);
}

function parse<Message>(schema: z.ZodType<Message>, raw: unknown): Parsed<Message> {
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, message: result.data };
  return { ok: false, problem: boundText(`${describeType(raw)}: ${z.prettifyError(result.error)}`, maxProblemBytes) };
}

function describeType(raw: unknown): string {
  if (typeof raw === 'object' && raw !== null && 'type' in raw && typeof raw.type === 'string') return raw.type;
  return 'a message without a type';
}
