import { z } from 'zod';

import { accountNumberPattern } from '../accounts.js';

/**
 * What supervisor and worker say to each other over IPC. Every message is validated on arrival. `hello` and `assign`
 * carry the version: from a half-finished upgrade they count as malformed, and the log names the field.
 */
export const protocolVersion = 1;

/** Restore brings back a stored login and can never show a QR; link is a new device and needs a person. */
export const sessionModes = ['restore', 'link'] as const;
export type SessionMode = (typeof sessionModes)[number];

/** How much is rebuilt: the page in a living browser (warm), or the browser too (cold). */
export const restoreRungs = ['warm', 'cold'] as const;
export type RestoreRung = (typeof restoreRungs)[number];

/**
 * Where a worker life is: from `booting` to `listening` in their order, though a page that reloads goes back to
 * `connecting`. `linking` is the wait for a person, before `syncing`; `stopping` may follow any.
 */
export const workerPhases = [
  'booting',
  'attaching',
  'loading',
  'connecting',
  'authenticating',
  'syncing',
  'verifying',
  'listening',
  'linking',
  'stopping',
] as const;
export type WorkerPhase = (typeof workerPhases)[number];

/** Why something failed, as far as it decides what to do next. */
export const failureClasses = [
  'LOCAL',
  'NETWORK',
  'TRANSIENT',
  'AUTH',
  'TERMINAL',
  'INCOMPATIBLE',
  'CONFIGURATION',
  'BUG',
] as const;
export type FailureClass = (typeof failureClasses)[number];

const incarnation = z.int().positive();
const milliseconds = z.number().nonnegative();
const account = z.string().regex(accountNumberPattern);

export const assignmentSchema = z.strictObject({
  type: z.literal('assign'),
  version: z.literal(protocolVersion),
  incarnation,
  account,
  mode: z.enum(sessionModes),
  rung: z.enum(restoreRungs),
  authMethod: z.enum(['qr', 'code']),
  /** Which try of this restore it is, counted from 1, and how many there may be. */
  attempt: z.int().positive(),
  maxAttempts: z.int().positive(),
  /** Folder of the account's files. */
  sessionDirectory: z.string().min(1),
  browser: z.strictObject({
    pid: z.int().positive(),
    /** First id of the CDP commands that this worker may send. */
    idBase: z.int().nonnegative(),
  }),
  deadlines: z.strictObject({
    heartbeatIntervalMs: milliseconds,
    pageLoadTimeoutMs: milliseconds,
    authTimeoutMs: milliseconds,
    syncTimeoutMs: milliseconds,
    probeTimeoutMs: milliseconds,
  }),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const supervisorMessageSchema = z.discriminatedUnion('type', [
  assignmentSchema,
  /** End this life: stop taking messages, detach, exit 0 within the deadline. */
  z.strictObject({ type: z.literal('stop'), deadlineMs: milliseconds }),
]);
export type SupervisorMessage = z.infer<typeof supervisorMessageSchema>;

export const workerMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.literal(protocolVersion),
    pid: z.int().positive(),
    /** Path of the bot module that was loaded. */
    bot: z.string(),
  }),
  z.strictObject({
    type: z.literal('heartbeat'),
    incarnation,
    phase: z.enum(workerPhases),
    /** How late the timer of this heartbeat fired. */
    lagMs: milliseconds,
    rssBytes: z.int().nonnegative(),
    lastMessageAt: z.string().nullable(),
  }),
  z.strictObject({
    type: z.literal('phase'),
    incarnation,
    phase: z.enum(workerPhases),
  }),
  z.strictObject({
    type: z.literal('qr'),
    incarnation,
    qr: z.string().min(1),
    /** Counted from 1 in each life. */
    sequence: z.int().positive(),
  }),
  z.strictObject({ type: z.literal('pairing-code'), incarnation, code: z.string().min(1) }),
  z.strictObject({
    type: z.literal('listening'),
    incarnation,
    mode: z.enum(sessionModes),
    rung: z.enum(restoreRungs),
    durationMs: milliseconds,
    waVersion: z.string(),
    identity: z.string(),
    /** Whether the library had to be helped over a sync that it missed. */
    healed: z.boolean(),
    phases: z.partialRecord(z.enum(workerPhases), milliseconds),
  }),
  /** The connection to WhatsApp went away (false) or came back (true) while the page lives on. */
  z.strictObject({ type: z.literal('transport'), incarnation, connected: z.boolean(), state: z.string() }),
  /** Said before the worker exits by itself; the exit code repeats it more coarsely. */
  z.strictObject({
    type: z.literal('failure'),
    incarnation: incarnation.nullable(),
    class: z.enum(failureClasses),
    reason: z.string(),
    userAction: z.string().nullable(),
  }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
export type WorkerFailure = Extract<WorkerMessage, { type: 'failure' }>;
