import type { FailureClass, SessionMode } from '../../shared/protocol/messages.js';
import { failureClasses } from '../../shared/protocol/messages.js';
import {
  createMachine,
  type Effect,
  type Machine,
  type MachineEvent,
  type MachineLimits,
  transition,
  type WorkerFailure,
} from '../../supervisor/machine.js';
import { longestPauseMs } from '../../supervisor/breaker.js';
import type { Tally } from '../../supervisor/restart-tally.js';

/**
 * The processes, timers and persons around a machine, as far as they can send it events: what has been started can
 * answer, what was told to stop can still say what was on its way, and nothing else happens.
 */
export interface World {
  readonly machine: Machine;
  readonly browser: 'none' | 'spawning' | 'up' | 'told-to-stop';
  readonly worker: 'none' | 'booting' | 'waiting' | 'assigned' | 'listening';
  /** Who is to follow a worker that listens, as planned. */
  readonly successor: 'none' | 'booting' | 'waiting';
  readonly workerIsToldToStop: boolean;
  /** The worker has said why it is about to exit. */
  readonly workerHasFailed: boolean;
  /** The switchboard is still handing the page over; it may turn out that it can't. */
  readonly handingOver: boolean;
  readonly retryIsArmed: boolean;
  readonly loginIsBeingMoved: boolean;
  /** A person has had the device unlinked. */
  readonly unlinkIsAsked: boolean;
  /** Times in a row that WhatsApp has answered a restore with "not linked". */
  readonly refusals: number;
  /** Goes on by minutes with each assignment, so that an account is not held back for having logged in too often. */
  readonly wallMs: number;
}

const away = { kind: 'connection', reason: 'Away', userAction: null } as const;

/** Something that this world can do next. */
export interface Move {
  readonly event: MachineEvent;
  /** Nothing but a crash of ours keeps it from happening sooner or later. */
  readonly certain: boolean;
  /** How long the account has been listening by then. */
  readonly listenedMs?: number;
}

/** A move's consequences, and the rules of the house that were broken on the way. */
export interface Outcome {
  readonly world: World;
  readonly effects: readonly Effect[];
  readonly broken: readonly string[];
}

/** Longer than any life has to listen to prove its health. */
export const provenMs = 60_000;

/** More than any limit in a test: further ones make no difference. */
const countedRefusals = 10;

export function createWorld(mode: SessionMode, tally?: Tally): World {
  return {
    machine: createMachine({ mode, quarantine: false }, tally),
    browser: 'none',
    worker: 'none',
    successor: 'none',
    workerIsToldToStop: false,
    workerHasFailed: false,
    handingOver: false,
    retryIsArmed: false,
    loginIsBeingMoved: false,
    unlinkIsAsked: false,
    refusals: 0,
    wallMs: 0,
  };
}

export function possibleMoves(world: World): Move[] {
  return [
    ...personMoves(world),
    ...browserMoves(world),
    ...workerMoves(world),
    ...successorMoves(world),
    ...shellMoves(world),
    ...rareMoves(world),
  ];
}

/** Whoever walks through everything leaves these out, or follows fewer failures: each doubles the number of situations. */
const rareEvents: readonly MachineEvent['type'][] = [
  'recycle',
  'unlink',
  'unlink-expired',
  'browser-hung',
  'browser-stuck',
  'worker-stuck',
];

export function isRare({ event }: Move): boolean {
  return rareEvents.includes(event.type) || (event.type === 'restart' && event.freshBrowser);
}

export function play(world: World, move: Move, limits: MachineLimits, random = 0.5): Outcome {
  const { event, listenedMs = 0 } = move;
  const monotonicMs = (world.machine.listeningSinceMs ?? 0) + listenedMs;
  const now = { monotonicMs, wallMs: world.wallMs };
  const { machine, effects } = transition(world.machine, event, { limits, now, random });
  const broken: string[] = [];
  let next: World = { ...happened(world, event), machine };
  for (const effect of effects) next = perform(next, effect, limits, broken);
  checkBooks(next, broken);
  const has = (type: Effect['type']): boolean => effects.some((effect) => effect.type === type);
  if (event.type === 'worker-exited' && !has('record-inactive'))
    broken.push('a life has ended and nobody wrote it down');
  if ((has('start-worker') || has('promote-successor')) !== machine.incarnation > world.machine.incarnation) {
    broken.push('lives are counted wrongly');
  }
  return { world: next, effects, broken };
}

/** The same for all worlds whose future is the same: what only counts or tells is left out. */
export function keyOf(world: World): string {
  const { machine, ...rest } = { ...world, wallMs: 0, refusals: 0 };
  const counts = failureClasses.map((name) => (name === 'AUTH' ? 0 : machine.tally.failures[name].count));
  const deciding = {
    ...machine,
    incarnation: 0,
    // The classes count in the same way; the first failure of one is followed at once, later ones after a pause.
    tally: [machine.tally.failures.AUTH.count, Math.min(Math.max(...counts), 2), machine.tally.unpaired === null],
    breaker: machine.tally.breaker.state,
    // Only told.
    failure: null,
    workerFailure: machine.workerFailure?.class,
    browserFailure: machine.browserFailure !== null,
    phase: null,
    transport: '',
    stuckAuthenticating: 0,
  };
  return JSON.stringify([rest, deciding]);
}

/** Failures that the machine remembers, of all classes. */
export function failuresIn({ tally }: Machine): number {
  return Object.values(tally.failures).reduce((sum, { count }) => sum + count, 0);
}

export function failureOf(failureClass: FailureClass): WorkerFailure {
  return { class: failureClass, reason: `a ${failureClass} failure`, userAction: null, reported: true };
}

function personMoves({ machine }: World): Move[] {
  const waiting = ['stopped', 'failed', 'needs-link'].includes(machine.state);
  const refusal: MachineEvent = { type: 'refused', failure: failureOf('CONFIGURATION') };
  return [
    ...(machine.state === 'stopping' ? [] : [{ event: refusal, certain: false } as const]),
    ...(waiting ? [{ event: { type: 'start' }, certain: false } as const] : []),
    ...(machine.state === 'stopped' ? [] : [{ event: { type: 'stop' }, certain: false } as const]),
    { event: { type: 'restart', freshBrowser: false }, certain: false },
  ];
}

function browserMoves({ browser }: World): Move[] {
  const exited: MachineEvent = { type: 'browser-exited', reason: 'The browser is gone' };
  switch (browser) {
    case 'none':
      return [];
    case 'spawning':
      return [
        { event: { type: 'browser-ready' }, certain: true },
        { event: { type: 'browser-failed', failure: failureOf('LOCAL') }, certain: true },
        { event: { type: 'browser-failed', failure: failureOf('CONFIGURATION') }, certain: true },
      ];
    case 'up':
      return [{ event: exited, certain: false }];
    case 'told-to-stop':
      return [{ event: exited, certain: true }];
  }
}

function rareMoves({ machine, browser, worker, workerIsToldToStop }: World): Move[] {
  const events: MachineEvent[] = [
    { type: 'restart', freshBrowser: true },
    { type: 'recycle', reason: 'It is large', freshBrowser: true },
    { type: 'recycle', reason: 'It is large', freshBrowser: false },
    { type: 'unlink' },
    ...(machine.unlinking ? [{ type: 'unlink-expired' } as const] : []),
    ...(browser === 'up' ? [{ type: 'browser-hung', afterMs: 8_000 } as const] : []),
    ...(browser === 'told-to-stop' ? [{ type: 'browser-stuck', reason: 'A process can’t be ended' } as const] : []),
    ...(worker !== 'none' && workerIsToldToStop
      ? [{ type: 'worker-stuck', reason: 'A process can’t be ended' } as const]
      : []),
  ];
  return events.map((event) => ({ event, certain: false }));
}

const exits = [
  { code: null, signal: 'SIGKILL' },
  ...[0, 1, 69, 70, 75, 76, 77, 78].map((code) => ({ code, signal: null })),
].map((exit) => ({ type: 'worker-exited', ...exit }) as const);

function workerMoves({ worker, workerIsToldToStop, workerHasFailed }: World): Move[] {
  if (worker === 'none') return [];
  const ends = exits.map((event) => ({ event, certain: workerIsToldToStop || workerHasFailed }));
  if (workerHasFailed) return ends;
  const failures = failureClasses.map(
    (name) =>
      ({ event: { type: 'worker-failure', failure: failureOf(name) }, certain: worker === 'assigned' }) as const,
  );
  switch (worker) {
    case 'booting':
      return [...ends, ...failures, { event: { type: 'worker-ready' }, certain: true }];
    case 'waiting':
      return [...ends, ...failures];
    case 'assigned':
      return [
        ...ends,
        ...failures,
        { event: { type: 'phase', phase: 'listening' }, certain: false },
        { event: { type: 'listening' }, certain: true },
      ];
    case 'listening':
      return [
        ...ends,
        ...failures,
        // Announced once more after the page has reloaded itself.
        { event: { type: 'listening' }, certain: true },
        { event: { type: 'phase', phase: 'starting' }, certain: false },
        { event: { type: 'health', connection: 'CONNECTED', impairment: null }, certain: false },
        { event: { type: 'health', connection: 'OPENING', impairment: away }, certain: false },
        { event: { type: 'heartbeat-missed', afterMs: 10_000 }, certain: false },
        { event: { type: 'proven' }, certain: false, listenedMs: provenMs },
        { event: { type: 'handled' }, certain: false },
      ];
  }
}

function successorMoves({ successor }: World): Move[] {
  if (successor === 'none') return [];
  const isCertain = successor === 'booting';
  const failures = ['It throws', 'listen EADDRINUSE'].map((reason) => ({
    event: { type: 'successor-failed', failure: { ...failureOf('BUG'), reason } } as const,
    certain: isCertain,
  }));
  return successor === 'booting'
    ? [...failures, { event: { type: 'successor-ready' }, certain: true }]
    : failures.slice(0, 1);
}

function shellMoves({ retryIsArmed, handingOver, browser, worker, loginIsBeingMoved }: World): Move[] {
  const moves: Move[] = [
    { event: { type: 'profile-moved', name: 'a-name' }, certain: true },
    { event: { type: 'profile-not-moved', failure: failureOf('LOCAL') }, certain: true },
  ];
  const pageCanBeLost = handingOver && browser !== 'none' && worker !== 'none';
  return [
    ...(retryIsArmed ? [{ event: { type: 'retry' }, certain: true } as const] : []),
    ...(loginIsBeingMoved ? moves : []),
    ...(pageCanBeLost ? [{ event: { type: 'page-lost', reason: 'no page' }, certain: false } as const] : []),
  ];
}

/** What has become of the world when the machine hears of the event. */
function happened(world: World, event: MachineEvent): World {
  switch (event.type) {
    case 'browser-ready':
      return { ...world, browser: 'up' };
    case 'browser-failed':
    case 'browser-exited':
      return { ...world, browser: 'none', handingOver: false };
    case 'browser-stuck':
      // A stop ends without it, loudly.
      return world.machine.state === 'stopping' ? { ...world, browser: 'none' } : world;
    case 'worker-stuck':
      if (world.machine.state !== 'stopping') return world;
      return { ...world, worker: 'none', workerIsToldToStop: false, workerHasFailed: false, handingOver: false };
    case 'worker-ready':
      return { ...world, worker: 'waiting' };
    case 'successor-ready':
      return { ...world, successor: 'waiting' };
    case 'successor-failed':
      return { ...world, successor: 'none' };
    case 'worker-failure':
      return { ...world, workerHasFailed: true };
    case 'unlink-expired':
      return { ...world, unlinkIsAsked: false };
    case 'worker-exited':
      return {
        ...world,
        unlinkIsAsked: world.unlinkIsAsked && (world.machine.profile !== 'in-place' || wasUnlinked(world, event)),
        worker: 'none',
        workerIsToldToStop: false,
        workerHasFailed: false,
        handingOver: false,
        refusals: Math.min(world.refusals + (wasRefused(world, event) ? 1 : 0), countedRefusals),
      };
    case 'listening':
      return { ...world, worker: 'listening', handingOver: false, refusals: 0 };
    case 'page-lost':
      return { ...world, worker: 'waiting', handingOver: false };
    case 'retry':
      return { ...world, retryIsArmed: false };
    case 'profile-moved':
      return { ...world, loginIsBeingMoved: false, unlinkIsAsked: false };
    case 'profile-not-moved':
      return { ...world, loginIsBeingMoved: false };
    case 'phase':
      // It has got the page.
      return event.phase === 'listening' ? { ...world, worker: 'listening', handingOver: false } : world;
    case 'refused':
    case 'start':
    case 'stop':
    case 'restart':
    case 'recycle':
    case 'unlink':
    case 'browser-hung':
    case 'proven':
    case 'handled':
    case 'health':
    case 'heartbeat-missed':
      return world;
  }
}

/** WhatsApp has answered this attempt with "not linked", as its worker says before its end or by its end. */
function wasRefused({ machine, worker }: World, exit: Extract<MachineEvent, { type: 'worker-exited' }>): boolean {
  return worker === 'assigned' && machine.state === 'restoring' && wasUnlinked({ machine }, exit);
}

function wasUnlinked(
  { machine }: Pick<World, 'machine'>,
  exit: Extract<MachineEvent, { type: 'worker-exited' }>,
): boolean {
  return machine.workerFailure === null ? exit.code === 77 : machine.workerFailure.class === 'AUTH';
}

function perform(world: World, effect: Effect, limits: MachineLimits, broken: string[]): World {
  switch (effect.type) {
    case 'set-profile-aside':
      if (world.browser !== 'none') broken.push(`the login is moved while a browser is ${world.browser}`);
      if (world.loginIsBeingMoved) broken.push('the login is moved twice at once');
      if (world.refusals < limits.maxRestoreAttempts && !world.unlinkIsAsked) {
        broken.push(`the login is set aside after ${world.refusals} refusals`);
      }
      return { ...world, loginIsBeingMoved: true };
    case 'start-browser':
      if (world.loginIsBeingMoved) broken.push('a browser was started on a login that is being moved');
      if (world.browser !== 'none') broken.push(`a second browser was started while one is ${world.browser}`);
      return { ...world, browser: 'spawning' };
    case 'stop-browser':
      if (world.browser === 'none') return world;
      if (world.browser === 'spawning') broken.push('a browser was told to stop that is not there yet');
      return { ...world, browser: 'told-to-stop' };
    case 'kill-browser':
      if (world.browser !== 'up') broken.push(`a browser was killed that is ${world.browser}`);
      return { ...world, browser: 'told-to-stop' };
    case 'unlink-device':
      if (world.worker !== 'listening') broken.push(`a worker that is ${world.worker} was told to unlink the device`);
      return { ...world, unlinkIsAsked: true };
    case 'start-worker':
      if (world.worker !== 'none') broken.push(`a second worker was started while one is ${world.worker}`);
      return { ...world, worker: 'booting' };
    case 'start-successor':
      if (world.worker !== 'listening') broken.push(`a successor was started for a worker that is ${world.worker}`);
      return { ...world, successor: 'booting' };
    case 'promote-successor':
      if (world.successor === 'none') broken.push('nobody was promoted');
      if (world.worker !== 'none') broken.push(`a second worker was promoted while one is ${world.worker}`);
      return { ...world, worker: world.successor, successor: 'none' };
    case 'drop-successor':
      if (world.successor === 'none') broken.push('nobody was dropped');
      return { ...world, successor: 'none' };
    case 'stop-worker':
    case 'kill-worker':
      return world.worker === 'none' ? world : { ...world, workerIsToldToStop: true };
    case 'assign':
      if (world.browser !== 'up') broken.push(`assigned while the browser is ${world.browser}`);
      if (world.worker !== 'waiting') broken.push(`assigned while the worker is ${world.worker}`);
      if (world.workerIsToldToStop) broken.push('assigned a worker that is being stopped');
      return { ...world, worker: 'assigned', handingOver: true, wallMs: world.wallMs + 120_000 };
    case 'retry-in':
      if (world.retryIsArmed) broken.push('a second retry was armed');
      if (effect.delayMs < 0 || effect.delayMs > longestDelayMs(world.machine, limits))
        broken.push(`a delay of ${effect.delayMs} ms`);
      return { ...world, retryIsArmed: true };
    case 'cancel-retry':
      return { ...world, retryIsArmed: false };
    case 'cannot-happen':
      broken.push(`"${effect.event}" was called impossible, and happened`);
      return world;
    case 'record-inactive':
    case 'tell':
    case 'alert':
      return world;
  }
}

function longestDelayMs(
  { tally }: Machine,
  { backoffCapMs, incompatibleRetryMs, restoreRetryDelayMs }: MachineLimits,
): number {
  const breakerMs = tally.breaker.state === 'open' ? longestPauseMs : 0;
  return Math.max(backoffCapMs, incompatibleRetryMs, restoreRetryDelayMs, breakerMs);
}

/** What the machine believes must be what is. */
function checkBooks(world: World, broken: string[]): void {
  const { machine, browser, worker, successor, workerIsToldToStop, retryIsArmed } = world;
  const browserSays = { absent: ['none'], starting: ['spawning'], running: ['up'], stopping: ['told-to-stop'] };
  const workerSays = {
    absent: ['none'],
    starting: ['booting'],
    ready: ['waiting'],
    assigned: ['assigned', 'listening'],
    stopping: ['booting', 'waiting', 'assigned', 'listening'],
  };
  if (!browserSays[machine.browser].includes(browser))
    broken.push(`browser ${browser} is booked as ${machine.browser}`);
  if (!workerSays[machine.worker].includes(worker)) broken.push(`worker ${worker} is booked as ${machine.worker}`);
  const successorSays = { absent: 'none', starting: 'booting', ready: 'waiting' };
  if (successorSays[machine.successor] !== successor)
    broken.push(`successor ${successor} is booked as ${machine.successor}`);
  if (machine.worker === 'stopping' && !workerIsToldToStop) broken.push('nobody told the worker to stop');
  if (machine.state === 'listening' && machine.worker !== 'assigned') broken.push('listening without a worker');
  if (machine.state === 'backoff' && !retryIsArmed) broken.push('waits for a retry that nobody armed');
  if (machine.state !== 'backoff' && retryIsArmed) broken.push(`a retry is armed while ${machine.state}`);
  const rests = machine.state === 'backoff' && machine.tally.breaker.state === 'open';
  if (rests && (browser === 'up' || successor !== 'none' || (worker === 'assigned' && !workerIsToldToStop)))
    broken.push('something runs although the breaker is open');
}
