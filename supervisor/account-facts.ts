import type { WorkerMessage } from '../shared/protocol/messages.js';
import type { AccountView } from './control/controlled.js';
import type { Machine } from './machine-types.js';

/** What a worker has said of itself, as far as the machine doesn't remember it. */
export class AccountFacts {
  /** How the session came up last. */
  restoreMode: AccountView['restoreMode'] = null;
  /** Milliseconds. */
  restoreDuration: number | null = null;
  /** Of the newest message; ISO 8601 in UTC. */
  lastMessageAt: string | null = null;
  /** What the inbox held at the newest heartbeat, of whichever worker. */
  inbox: AccountView['inbox'] = null;
  /** Of the worker that lives. */
  heartbeat: AccountView['heartbeat'] = null;
  /** Wall time of the newest change of state. */
  sinceMs: number;

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  hear(message: WorkerMessage, nowMs: number): void {
    if (message.type === 'listening') {
      this.restoreMode = message.mode === 'link' ? 'relink' : message.rung;
      this.restoreDuration = message.durationMs;
    }
    if (message.type !== 'heartbeat') return;
    const { lagMs, rssBytes, lastProbe, lastMessageAt, inbox } = message;
    this.heartbeat = { at: new Date(nowMs).toISOString(), lagMs, rssBytes, lastProbe };
    this.lastMessageAt = lastMessageAt ?? this.lastMessageAt;
    this.inbox = inbox ?? this.inbox;
  }

  onTransition(before: Machine, after: Machine, nowMs: number): void {
    if (after.state !== before.state) this.sinceMs = nowMs;
    if (after.worker === 'absent') this.heartbeat = null;
  }
}
