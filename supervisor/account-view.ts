import { describeAccountState } from '../shared/account-state.js';
import type { AccountFacts } from './account-facts.js';
import type { AccountView } from './control/controlled.js';
import type { LinkCode } from './link-desk.js';
import type { Machine } from './machine-types.js';

/** Why no browser is started: its disk is full. */
export interface MissingRoom {
  readonly reason: string;
  readonly userAction: string;
}

/** What there is to be shown beside the machine and the facts. */
export interface Showing {
  readonly number: string;
  readonly workerPid: number | undefined;
  readonly browserPid: number | undefined;
  readonly retryAtMs: number | null;
  readonly memoryBytes: number | null;
  readonly linkCode: LinkCode | undefined;
  readonly isWaitingForTurn: boolean;
  readonly missingRoom?: MissingRoom | null;
}

/** Pure. */
export function viewAccount(
  machine: Machine,
  facts: Pick<AccountFacts, 'restoreMode' | 'restoreDuration' | 'lastMessageAt' | 'inbox' | 'heartbeat' | 'sinceMs'>,
  showing: Showing,
): AccountView {
  const { state, failure, impairment, incarnation, phase, transport, tally } = machine;
  const hasWorker = showing.workerPid !== undefined;
  const isWell = state === 'listening';
  const words = showing.missingRoom ?? (state === 'degraded' ? impairment : failure);
  return {
    number: showing.number,
    state,
    isActive: isWell,
    workerPid: showing.workerPid ?? null,
    browserPid: showing.browserPid ?? null,
    restoreMode: facts.restoreMode,
    restoreDuration: facts.restoreDuration,
    restarts: Math.max(0, incarnation - 1),
    since: new Date(facts.sinceMs).toISOString(),
    reason: isWell ? null : (words?.reason ?? null),
    userAction: isWell ? null : (words?.userAction ?? null),
    lastMessageAt: facts.lastMessageAt,
    inbox: facts.inbox,
    sentence: sentenceOf(machine, showing),
    phase: hasWorker ? (phase ?? 'booting') : null,
    transport,
    nextAttemptAt: showing.retryAtMs === null ? null : new Date(showing.retryAtMs).toISOString(),
    breaker: tally.breaker.state,
    heartbeat: hasWorker ? facts.heartbeat : null,
    memoryBytes: showing.memoryBytes,
    linkCode: viewCode(showing.linkCode),
  };
}

function sentenceOf(
  { state, tally, impairment }: Machine,
  { isWaitingForTurn, linkCode, missingRoom }: Showing,
): string {
  if (missingRoom) return 'Waiting for room on the disk.';
  if (state === 'degraded' && impairment?.kind === 'connection') return 'Connection to WhatsApp is away.';
  if (state === 'degraded' && impairment?.kind === 'backlog') return 'Up, but messages wait for the bot.';
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
