import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { alertKinds } from '../../shared/alerts.js';
import { boundTexts, isBounded, maxTextBytes } from '../../shared/bounded-text.js';
import {
  failureClasses,
  milestones,
  probeOutcomes,
  impairmentKinds,
  protocolVersion,
  restoreRungs,
  sessionModes,
  type SupervisorMessage,
  type WorkerMessage,
  workerPhases,
} from '../../shared/protocol/messages.js';
import { parseSupervisorMessage, parseWorkerMessage } from '../../shared/protocol/parse-message.js';

const incarnation = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const pid = fc.integer({ min: 1, max: 4_194_304 });
const milliseconds = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => (value === 0 ? 0 : value));
const word = fc.string({ minLength: 1 });
const mode = fc.constantFrom(...sessionModes);
const rung = fc.constantFrom(...restoreRungs);
const phase = fc.constantFrom(...workerPhases);

/** Every message there is; the compiler complains here when one is forgotten. */
const workerMessages: { [Type in WorkerMessage['type']]: fc.Arbitrary<Extract<WorkerMessage, { type: Type }>> } = {
  hello: fc.record({
    type: fc.constant('hello'),
    version: fc.constant(protocolVersion),
    pid,
    bot: fc.string(),
    pageHalf: fc.string(),
  }),
  heartbeat: fc.record({
    type: fc.constant('heartbeat'),
    incarnation,
    phase,
    lagMs: milliseconds,
    rssBytes: fc.nat(),
    lastMessageAt: fc.option(fc.string()),
    lastProbe: fc.option(
      fc.record({
        outcome: fc.constantFrom(...probeOutcomes),
        at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
      }),
    ),
    inbox: fc.option(fc.record({ waiting: fc.nat(), running: fc.nat(), dead: fc.nat() })),
  }),
  phase: fc.record(
    { type: fc.constant('phase'), incarnation, phase },
    { requiredKeys: ['type', 'incarnation', 'phase'] },
  ),
  qr: fc.record({
    type: fc.constant('qr'),
    incarnation,
    qr: word,
    sequence: fc.integer({ min: 1 }),
    expiresInMs: milliseconds,
  }),
  'qr-expired': fc.record({ type: fc.constant('qr-expired'), incarnation }),
  'pairing-code': fc.record({
    type: fc.constant('pairing-code'),
    incarnation,
    code: word,
    expiresInMs: milliseconds,
  }),
  listening: fc.record({
    type: fc.constant('listening'),
    incarnation,
    mode,
    rung,
    durationMs: milliseconds,
    waVersion: fc.string(),
    identity: fc.string(),
    healed: fc.boolean(),
  }),
  'restore-metrics': fc.record({
    type: fc.constant('restore-metrics'),
    incarnation,
    attempt: fc.record({
      mode,
      rung: fc.constantFrom(...restoreRungs, 'relink', 'in-place'),
      attempt: fc.integer({ min: 1 }),
      outcome: fc.constantFrom('listening', 'failed'),
      durationMs: milliseconds,
      phases: fc.dictionary(fc.constantFrom(...milestones), milliseconds, { noNullPrototype: true }),
      failedPhase: fc.option(phase),
      class: fc.option(fc.constantFrom(...failureClasses)),
      reason: fc.option(fc.string()),
      healed: fc.boolean(),
      messagesCaughtUp: fc.nat(),
      waVersion: fc.option(fc.string()),
    }),
  }),
  alert: fc.record({
    type: fc.constant('alert'),
    incarnation,
    kind: fc.constantFrom(...alertKinds),
    sentence: word,
    action: fc.option(fc.string()),
  }),
  handled: fc.record({ type: fc.constant('handled' as const), incarnation }),
  health: fc.record({
    type: fc.constant('health'),
    incarnation,
    connection: fc.string(),
    impairment: fc.option(
      fc.record({ kind: fc.constantFrom(...impairmentKinds), reason: word, userAction: fc.option(fc.string()) }),
    ),
  }),
  failure: fc.record({
    type: fc.constant('failure'),
    incarnation: fc.option(incarnation),
    class: fc.constantFrom(...failureClasses),
    reason: fc.string(),
    userAction: fc.option(fc.string()),
  }),
};

const supervisorMessages: {
  [Type in SupervisorMessage['type']]: fc.Arbitrary<Extract<SupervisorMessage, { type: Type }>>;
} = {
  assign: fc.record({
    type: fc.constant('assign'),
    version: fc.constant(protocolVersion),
    incarnation,
    account: fc.stringMatching(/^[1-9]\d{6,14}$/),
    mode,
    rung,
    authMethod: fc.constantFrom('qr', 'code'),
    attempt: fc.integer({ min: 1 }),
    maxAttempts: fc.integer({ min: 1 }),
    sessionDirectory: word,
    browser: fc.record({ pid, idBase: fc.nat() }),
    deadlines: fc.record({
      heartbeatIntervalMs: milliseconds,
      heartbeatTimeoutMs: milliseconds,
      pageLoadTimeoutMs: milliseconds,
      authTimeoutMs: milliseconds,
      syncTimeoutMs: milliseconds,
      probeIntervalMs: milliseconds,
      probeTimeoutMs: milliseconds,
      transportReconnectMs: milliseconds,
      transportReloadMs: milliseconds,
      transportRestartMs: milliseconds,
      catchUpTimeoutMs: milliseconds,
    }),
    handling: fc.record({
      attempts: fc.integer({ min: 1 }),
      timeoutMs: milliseconds,
      waitMs: milliseconds,
      retryDelayMs: milliseconds,
      concurrency: fc.integer({ min: 1 }),
      retentionMs: milliseconds,
      inboxMaxMb: fc.integer({ min: 1 }),
      maxAgeMs: milliseconds,
      maxMessages: fc.nat(),
    }),
  }),
  stop: fc.record({ type: fc.constant('stop'), deadlineMs: milliseconds, isOverMemory: fc.boolean() }),
  'refresh-link': fc.record({ type: fc.constant('refresh-link'), method: fc.constantFrom('qr', 'code') }),
  unlink: fc.record({ type: fc.constant('unlink') }),
};

const anyWorkerMessage = fc.oneof(...Object.values(workerMessages));
const anySupervisorMessage = fc.oneof(...Object.values(supervisorMessages));
const nonsense = fc.oneof(
  fc.jsonValue(),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  fc.record({ type: fc.oneof(fc.string(), fc.constantFrom('hello', 'failure', 'assign', 'stop')) }),
);

describe('a message', () => {
  it('of a worker arrives as it was sent', () => {
    fc.assert(
      fc.property(anyWorkerMessage, (message) => {
        expect(parseWorkerMessage(overTheWire(message))).toEqual({ ok: true, message: overTheWire(message) });
      }),
      { numRuns: 500 },
    );
  });

  it('of the supervisor arrives as it was sent', () => {
    fc.assert(
      fc.property(anySupervisorMessage, (message) => {
        expect(parseSupervisorMessage(overTheWire(message))).toEqual({ ok: true, message: overTheWire(message) });
      }),
      { numRuns: 500 },
    );
  });

  it('of the one side is none of the other', () => {
    fc.assert(
      fc.property(anyWorkerMessage, anySupervisorMessage, (ofWorker, ofSupervisor) => {
        expect(parseSupervisorMessage(ofWorker).ok).toBe(false);
        expect(parseWorkerMessage(ofSupervisor).ok).toBe(false);
      }),
    );
  });

  it('with a field too many is refused by the name of that field', () => {
    fc.assert(
      fc.property(anyWorkerMessage, (message) => {
        const parsed = parseWorkerMessage({ ...message, colour: 'red' });
        expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining('colour') as string });
      }),
    );
  });

  it('with a field missing is refused by the names of message and field', () => {
    fc.assert(
      fc.property(anyWorkerMessage, fc.nat(), (message, choice) => {
        const fields = Object.keys(message).filter((name) => name !== 'type');
        const missing = fields[choice % fields.length] ?? '';
        const parsed = parseWorkerMessage(
          Object.fromEntries(Object.entries(message).filter(([name]) => name !== missing)),
        );
        expect(parsed.ok).toBe(false);
        if (parsed.ok) return;
        expect(parsed.problem).toContain(message.type);
        expect(parsed.problem).toContain(missing);
      }),
    );
  });

  it.each([undefined, null, 0, 'hello', [], {}, { type: 7 }, { type: 'dance' }])(
    'that makes no sense (%j) is a value that says so',
    (raw) => {
      expect(parseWorkerMessage(raw)).toMatchObject({ ok: false, problem: expect.stringMatching(/\w/) as string });
      expect(parseSupervisorMessage(raw)).toMatchObject({ ok: false, problem: expect.stringMatching(/\w/) as string });
    },
  );

  it('that makes no sense never throws, and never passes', () => {
    fc.assert(
      fc.property(nonsense, (raw) => {
        expect(parseWorkerMessage(raw).ok).toBe(false);
        expect(parseSupervisorMessage(raw).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a text of any length', () => {
  const long = 'ä'.repeat(maxTextBytes);

  it('is refused in each message and each of its fields, and cut by the sender it arrives', () => {
    for (const type of Object.keys(workerMessages) as WorkerMessage['type'][]) {
      for (const message of fc.sample<WorkerMessage>(workerMessages[type], 20)) {
        for (const { where, changed } of withEachTextReplaced(message, long)) {
          // Words of a closed list, times and versions are refused either way.
          const isFree = parseWorkerMessage(
            withEachTextReplaced(message, 'x').find((one) => one.where === where)?.changed,
          ).ok;
          expect(parseWorkerMessage(changed).ok, where).toBe(false);
          expect(parseWorkerMessage(boundTexts(changed)).ok, where).toBe(isFree);
        }
      }
    }
  });

  it('is not in the sentence about a message that makes no sense either', () => {
    for (const raw of [{ type: long }, { type: 'alert', [long]: 1 }, { type: 'alert', kind: long, sentence: long }]) {
      const parsed = parseWorkerMessage(raw);
      expect(!parsed.ok && isBounded(parsed.problem)).toBe(true);
    }
  });
});

describe('another version', () => {
  const version = protocolVersion + 1;

  it('is refused at hello', () => {
    const parsed = parseWorkerMessage({ type: 'hello', version, pid: 1, bot: 'bot.js', pageHalf: '' });
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining('version') as string });
  });

  it('is refused at the assignment', () => {
    fc.assert(
      fc.property(supervisorMessages.assign, (assignment) => {
        expect(parseSupervisorMessage({ ...assignment, version })).toMatchObject({
          ok: false,
          problem: expect.stringContaining('version') as string,
        });
      }),
      { numRuns: 20 },
    );
  });
});

it.each(['', '+12025550100', '1202555010a', '0123456789', '123456', '1234567890123456'])(
  'an assignment to the account "%s" is refused',
  (account) => {
    const [assignment] = fc.sample(supervisorMessages.assign, 1);
    expect(parseSupervisorMessage({ ...assignment, account }).ok).toBe(false);
  },
);

/** The value once for each text in it, with that one replaced. */
function withEachTextReplaced(value: unknown, text: string, path = ''): { where: string; changed: unknown }[] {
  if (typeof value === 'string') return [{ where: path, changed: text }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    withEachTextReplaced(member, text, `${path}.${name}`).map(({ where, changed }) => ({
      where,
      changed: { ...value, [name]: changed },
    })),
  );
}

function overTheWire(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}
