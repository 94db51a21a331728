import { z } from 'zod';

import { accountNumberPattern } from '../accounts.js';
import { alertKinds } from '../alerts.js';
import { isBounded, maxTextBytes } from '../bounded-text.js';

/**
 * What supervisor and worker say to each other over IPC. Every message is validated on arrival. `hello` and `assign`
 * carry the version: from a half-finished upgrade they count as malformed, and the log names the field.
 */
export const protocolVersion = 6;

/** Restore brings back a stored login and can never show a QR; link is a new device and needs a person. */
export const sessionModes = ['restore', 'link'] as const;
export type SessionMode = (typeof sessionModes)[number];

/**
 * How much is rebuilt: nothing but the worker (hot), the page in a living browser too (warm), or the browser as well
 * (cold).
 */
export const restoreRungs = ['hot', 'warm', 'cold'] as const;
export type RestoreRung = (typeof restoreRungs)[number];

/**
 * Where a worker life is: from `booting` to `listening` in their order, though a page that reloads goes back to
 * `starting`. `linking` is the wait for a person, before `syncing`; `stopping` may follow any.
 */
export const workerPhases = [
  'booting',
  /** To the browser and its page. */
  'attaching',
  /** The page from WhatsApp's servers. */
  'loading',
  /** WhatsApp Web in the page. */
  'starting',
  'connecting',
  'authenticating',
  'syncing',
  /** The library's half into the page. */
  'injecting',
  'verifying',
  /** With what came while no worker listened. */
  'catching-up',
  'listening',
  'linking',
  'stopping',
] as const;
export type WorkerPhase = (typeof workerPhases)[number];

/**
 * What the last look at the page of a listening session has found: `away` is WhatsApp's socket, `silent` the page
 * itself.
 */
export const probeOutcomes = ['healthy', 'away', 'deaf', 'silent'] as const;
export type ProbeOutcome = (typeof probeOutcomes)[number];

/**
 * What keeps messages from coming through while the page listens, the gravest first: WhatsApp's socket, the page's own
 * database, answers that the page refuses, the inbox, what came while no worker listened, and a bot that is behind.
 */
export const impairmentKinds = ['connection', 'storage', 'sends', 'intake', 'catch-up', 'backlog'] as const;
export type ImpairmentKind = (typeof impairmentKinds)[number];

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

/** What a session reaches on its way to listening, in this order; metrics say how long each took to reach. */
export const milestones = [
  'browser',
  'page',
  'debug',
  'socket',
  'authenticated',
  'synced',
  'injected',
  'verified',
  'caughtUp',
] as const;
export type Milestone = (typeof milestones)[number];

/**
 * A text over IPC: bounded, so that no message can be of any length. The sender cuts it (`boundTexts`), the receiver
 * refuses more.
 */
const text = z.string().refine((value) => isBounded(value), { error: `more than ${maxTextBytes} bytes` });
const filledText = text.min(1);

const impairmentSchema = z.strictObject({
  kind: z.enum(impairmentKinds),
  /** A sentence without its full stop. */
  reason: filledText,
  /** What a person should do; null when wasup sees to it. */
  userAction: text.nullable(),
});
export type Impairment = z.infer<typeof impairmentSchema>;

/** How one attempt to bring a session up went: a restore, a link, or the same page after it had reloaded itself. */
export const attemptSchema = z.strictObject({
  mode: z.enum(sessionModes),
  /** `relink` for a new device; `in-place` for a session that listened, was lost in its page and healed there. */
  rung: z.enum([...restoreRungs, 'relink', 'in-place']),
  /** Counted from 1; of the tries that WhatsApp may refuse. */
  attempt: z.int().positive(),
  outcome: z.enum(['listening', 'failed']),
  /** Milliseconds from the assignment (or the loss, in place) to the outcome. */
  durationMs: z.number().nonnegative(),
  /** Milliseconds that each milestone took after the one before; those that were not reached are missing. */
  phases: z.partialRecord(z.enum(milestones), z.number().nonnegative()),
  /** What the attempt was at when it failed; null when it listens. */
  failedPhase: z.enum(workerPhases).nullable(),
  class: z.enum(failureClasses).nullable(),
  reason: text.nullable(),
  /** Whether the library had to be helped over something that it had missed. */
  healed: z.boolean(),
  /** Messages that had come while no worker listened, and were handed to the bot. */
  messagesCaughtUp: z.int().nonnegative(),
  waVersion: text.nullable(),
});
export type AttemptMetrics = z.infer<typeof attemptSchema>;

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
  sessionDirectory: filledText,
  browser: z.strictObject({
    pid: z.int().positive(),
    /** First id of the CDP commands that this worker may send. */
    idBase: z.int().nonnegative(),
  }),
  deadlines: z.strictObject({
    heartbeatIntervalMs: milliseconds,
    /** Silence after which this worker counts as hanging. */
    heartbeatTimeoutMs: milliseconds,
    pageLoadTimeoutMs: milliseconds,
    authTimeoutMs: milliseconds,
    syncTimeoutMs: milliseconds,
    probeIntervalMs: milliseconds,
    probeTimeoutMs: milliseconds,
    /** How long the connection to WhatsApp may be away before each step is taken. */
    transportReconnectMs: milliseconds,
    transportReloadMs: milliseconds,
    transportRestartMs: milliseconds,
    /** How long the page may take for a step of reading what was missed. */
    catchUpTimeoutMs: milliseconds,
  }),
  /** What is done with messages. */
  handling: z.strictObject({
    attempts: z.int().positive(),
    timeoutMs: milliseconds,
    /** How long a chat's next message may wait for a free handler before the session counts as impaired. */
    waitMs: milliseconds,
    retryDelayMs: milliseconds,
    concurrency: z.int().positive(),
    retentionMs: milliseconds,
    inboxMaxMb: z.number().positive(),
    /** Of what was missed. */
    maxAgeMs: milliseconds,
    maxMessages: z.int().nonnegative(),
  }),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const supervisorMessageSchema = z.discriminatedUnion('type', [
  assignmentSchema,
  /** End this life: stop taking messages, detach, exit 0 within the deadline. */
  z.strictObject({
    type: z.literal('stop'),
    deadlineMs: milliseconds,
    /** Too much memory is why: a message that is still with its handler at the end is what this life has died over. */
    isOverMemory: z.boolean(),
  }),
  /** A person is there to link the device: show fresh QR codes, or ask for a pairing code. */
  z.strictObject({ type: z.literal('refresh-link'), method: z.enum(['qr', 'code']) }),
  /** Tell WhatsApp that this device is no longer linked. The end of the session is what follows. */
  z.strictObject({ type: z.literal('unlink') }),
]);
export type SupervisorMessage = z.infer<typeof supervisorMessageSchema>;

export const workerMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.literal(protocolVersion),
    pid: z.int().positive(),
    /** Path of the bot module that was loaded. */
    bot: text,
    /** Which half it puts into a page, and can take over from another worker. */
    pageHalf: text,
  }),
  z.strictObject({
    type: z.literal('heartbeat'),
    incarnation,
    phase: z.enum(workerPhases),
    /** How late the timer of this heartbeat fired. */
    lagMs: milliseconds,
    rssBytes: z.int().nonnegative(),
    /** ISO 8601 in UTC. */
    lastMessageAt: text.nullable(),
    /** The newest look at the page of a session that listens; null before there was one. */
    lastProbe: z.strictObject({ outcome: z.enum(probeOutcomes), at: z.iso.datetime() }).nullable(),
    /** Messages in the inbox that wait for the bot, are with it, or are parked; null before there is one. */
    inbox: z
      .strictObject({
        waiting: z.int().nonnegative(),
        running: z.int().nonnegative(),
        dead: z.int().nonnegative(),
      })
      .nullable(),
  }),
  z.strictObject({
    type: z.literal('phase'),
    incarnation,
    phase: z.enum(workerPhases),
  }),
  z.strictObject({
    type: z.literal('qr'),
    incarnation,
    qr: filledText,
    /** Counted from 1 in each life. */
    sequence: z.int().positive(),
    /** How long WhatsApp takes it. */
    expiresInMs: milliseconds,
  }),
  /** The last code has expired and no other follows by itself. */
  z.strictObject({ type: z.literal('qr-expired'), incarnation }),
  z.strictObject({ type: z.literal('pairing-code'), incarnation, code: filledText, expiresInMs: milliseconds }),
  z.strictObject({
    type: z.literal('listening'),
    incarnation,
    mode: z.enum(sessionModes),
    rung: z.enum(restoreRungs),
    durationMs: milliseconds,
    waVersion: text,
    identity: text,
    /** Whether the library had to be helped over a sync that it missed. */
    healed: z.boolean(),
  }),
  /** Said once for each attempt, when it listens or has failed. */
  z.strictObject({ type: z.literal('restore-metrics'), incarnation, attempt: attemptSchema }),
  z.strictObject({
    type: z.literal('alert'),
    incarnation,
    kind: z.enum(alertKinds),
    sentence: filledText,
    action: text.nullable(),
  }),
  /** The bot has dealt with a message. Said once in each life, at the first. */
  z.strictObject({ type: z.literal('handled'), incarnation }),
  /**
   * What impairs the session changed: the gravest impairment, null when there is none. Said before `listening`, too.
   */
  z.strictObject({
    type: z.literal('health'),
    incarnation,
    /** `Socket.state` of WhatsApp Web, as far as it was told. */
    connection: text,
    impairment: impairmentSchema.nullable(),
  }),
  /** Said before the worker exits by itself; the exit code repeats it more coarsely. */
  z.strictObject({
    type: z.literal('failure'),
    incarnation: incarnation.nullable(),
    class: z.enum(failureClasses),
    reason: text,
    userAction: text.nullable(),
  }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
export type WorkerFailure = Extract<WorkerMessage, { type: 'failure' }>;
