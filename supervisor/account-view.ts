import { describeAccountState } from '../shared/account-state.js';
import type { ProbeOutcome, WorkerMessage } from '../shared/protocol/messages.js';
import type { AccountView } from './control/controlled.js';
import type { LinkCode } from './link-desk.js';
import type { Machine } from './machine-types.js';

/** What an account has said and shown, as far as its machine doesn't remember it. */
export interface AccountFacts {
  readonly number: string;
  readonly workerPid: number | undefined;
  readonly browserPid: number | undefined;
  readonly restoreMode: AccountView['restoreMode'];
  /** Milliseconds. */
  readonly restoreDuration: number | null;
  /** Wall time of the newest change of state. */
  readonly sinceMs: number;
  readonly retryAtMs: number | null;
  readonly lastMessageAt: string | null;
  readonly heartbeat: Heartbeat | null;
  readonly memoryBytes: number | undefined;
  readonly linkCode: LinkCode | undefined;
  readonly isWaitingForTurn: boolean;
}

interface Heartbeat {
  readonly at: string;
  readonly lagMs: number;
  readonly rssBytes: number;
  readonly lastProbe: { readonly outcome: ProbeOutcome; readonly at: string } | null;
}

/** Pure. */
export function viewAccount(machine: Machine, facts: AccountFacts): AccountView {
  const { state, failure, incarnation, phase, transport, tally } = machine;
  const hasWorker = facts.workerPid !== undefined;
  const isWell = state === 'listening';
  return {
    number: facts.number,
    state,
    isActive: isWell,
    workerPid: facts.workerPid ?? null,
    browserPid: facts.browserPid ?? null,
    restoreMode: facts.restoreMode,
    restoreDuration: facts.restoreDuration,
    restarts: Math.max(0, incarnation - 1),
    since: new Date(facts.sinceMs).toISOString(),
    reason: isWell ? null : reasonOf(machine),
    userAction: isWell ? null : (failure?.userAction ?? null),
    lastMessageAt: facts.lastMessageAt,
    sentence: sentenceOf(machine, facts),
    phase: hasWorker ? (phase ?? 'booting') : null,
    transport,
    nextAttemptAt: facts.retryAtMs === null ? null : new Date(facts.retryAtMs).toISOString(),
    breaker: tally.breaker.state,
    heartbeat: hasWorker ? facts.heartbeat : null,
    memoryBytes: facts.memoryBytes ?? null,
    linkCode: viewCode(facts.linkCode),
  };
}

/** What a heartbeat leaves to be shown. */
export function noteHeartbeat(
  { lagMs, rssBytes, lastProbe }: Extract<WorkerMessage, { type: 'heartbeat' }>,
  now: Date,
): Heartbeat {
  return { at: now.toISOString(), lagMs, rssBytes, lastProbe };
}

function reasonOf({ state, transport, failure }: Machine): string | null {
  if (state === 'degraded') return `The connection to WhatsApp is away (${transport})`;
  return failure?.reason ?? null;
}

function sentenceOf({ state, tally }: Machine, { isWaitingForTurn, linkCode }: AccountFacts): string {
  if (isWaitingForTurn) return 'Waiting for other accounts that are on their way up.';
  if (state === 'backoff' && tally.breaker.state === 'open') {
    return 'Has failed too often; nothing is started for a while, then one more life is tried.';
  }
  if (state === 'linking' && linkCode?.method === 'qr') return 'Waiting for somebody to scan the QR code.';
  if (state === 'linking' && linkCode?.method === 'code')
    return 'Waiting for the pairing code to be entered on the phone.';
  return describeAccountState(state);
}

function viewCode(code: LinkCode | undefined): AccountView['linkCode'] {
  if (code === undefined) return null;
  return { method: code.method, sequence: code.sequence, expiresAt: code.expiresAt.toISOString() };
}
