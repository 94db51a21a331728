import type { SessionHistoryEntryInput } from '../shared/session-history.js';
import type { Machine } from './machine-types.js';

/**
 * Notes when the account begins and ends to listen: `session_up`, `session_down` with its cause, and `session_stopped`
 * where the end was asked for.
 */
export function noteUpAndDown(before: Machine, after: Machine, note: (entry: SessionHistoryEntryInput) => void): void {
  const isUp = after.state === 'listening';
  const wasUp = before.state === 'listening';
  if (isOver(after) && !isOver(before)) note({ eventType: 'session_stopped' });
  else if (isUp && !wasUp) note({ eventType: 'session_up', mode: before.mode });
  else if (wasUp && !isUp) note(endOf(after));
}

function isOver({ state }: Machine): boolean {
  return state === 'stopping' || state === 'stopped';
}

function endOf({ state, transport, impairment, failure, workerFailure }: Machine): SessionHistoryEntryInput {
  if (state === 'degraded' && transport === 'CONFLICT') {
    return { eventType: 'session_down', class: 'TERMINAL', reason: 'WhatsApp Web is open somewhere else' };
  }
  if (state === 'degraded') {
    const failureClass = impairment?.kind === 'connection' ? 'NETWORK' : 'LOCAL';
    return { eventType: 'session_down', class: failureClass, reason: impairment?.reason };
  }
  if (state === 'restoring') {
    return { eventType: 'session_down', class: 'TRANSIENT', reason: 'The session has to come up again in its page' };
  }
  const cause = workerFailure ?? failure;
  if (cause === null) return { eventType: 'session_stopped', reason: 'The worker is replaced by one with new code' };
  return { eventType: 'session_down', class: cause.class, reason: cause.reason };
}
