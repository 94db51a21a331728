import { z } from 'zod';

import {
  type SupervisorMessage,
  supervisorMessageSchema,
  type WorkerMessage,
  workerMessageSchema,
} from './messages.js';

export type Parsed<Message> = { ok: true; message: Message } | { ok: false; problem: string };

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
  return { ok: false, problem: `${describeType(raw)}: ${z.prettifyError(result.error)}` };
}

function describeType(raw: unknown): string {
  if (typeof raw === 'object' && raw !== null && 'type' in raw && typeof raw.type === 'string') return raw.type;
  return 'a message without a type';
}
