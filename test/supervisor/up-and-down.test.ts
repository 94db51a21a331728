import { describe, expect, it } from 'vitest';

import type { SessionHistoryEntryInput } from '../../shared/session-history.js';
import { createMachine, type Machine } from '../../supervisor/machine.js';
import { noteUpAndDown } from '../../supervisor/up-and-down.js';

const idle = createMachine({ mode: 'restore', quarantine: false });
const failure = { class: 'LOCAL', reason: 'The browser is gone', userAction: null } as const;
const away = {
  kind: 'connection',
  reason: 'The connection to WhatsApp is away (OPENING)',
  userAction: null,
} as const;
const workerFailure = { class: 'AUTH', reason: 'Unlinked', userAction: null, reported: true } as const;

function notes(before: Partial<Machine>, after: Partial<Machine>): SessionHistoryEntryInput[] {
  const noted: SessionHistoryEntryInput[] = [];
  noteUpAndDown({ ...idle, ...before }, { ...idle, ...after }, (entry) => noted.push(entry));
  return noted;
}

describe('an account', () => {
  it('is up when it begins to listen, and it is told whether it was restored or linked', () => {
    expect(notes({ state: 'restoring' }, { state: 'listening' })).toEqual([
      { eventType: 'session_up', mode: 'restore' },
    ]);
    expect(notes({ state: 'linking', mode: 'link' }, { state: 'listening' })).toEqual([
      { eventType: 'session_up', mode: 'link' },
    ]);
    expect(notes({ state: 'degraded' }, { state: 'listening' })).toMatchObject([{ eventType: 'session_up' }]);
  });

  it.each<[string, Partial<Machine>, SessionHistoryEntryInput]>([
    [
      'its connection is away',
      { state: 'degraded', transport: 'OPENING', impairment: away, failure },
      { eventType: 'session_down', class: 'NETWORK', reason: 'The connection to WhatsApp is away (OPENING)' },
    ],
    [
      'somebody else has its connection',
      { state: 'degraded', transport: 'CONFLICT', impairment: away },
      { eventType: 'session_down', class: 'TERMINAL', reason: 'WhatsApp Web is open somewhere else' },
    ],
    [
      'its page has to come up again',
      { state: 'restoring' },
      {
        eventType: 'session_down',
        class: 'TRANSIENT',
        reason: 'The session has to come up again in its page',
      },
    ],
    [
      'its browser has gone',
      { state: 'starting', failure },
      { eventType: 'session_down', class: 'LOCAL', reason: 'The browser is gone' },
    ],
    [
      'its worker has said why, which counts for more',
      { state: 'backoff', failure, workerFailure },
      { eventType: 'session_down', class: 'AUTH', reason: 'Unlinked' },
    ],
    [
      'new code takes its place',
      { state: 'starting' },
      { eventType: 'session_stopped', reason: 'The worker is replaced by one with new code' },
    ],
  ])('is down when %s', (_name, after, expected) => {
    expect(notes({ state: 'listening' }, after)).toEqual([expected]);
  });

  it('is stopped once, from wherever it was', () => {
    for (const state of ['listening', 'restoring', 'backoff', 'needs-link'] as const) {
      expect(notes({ state, failure }, { state: 'stopping', failure })).toEqual([{ eventType: 'session_stopped' }]);
    }
    expect(notes({ state: 'stopping' }, { state: 'stopping' })).toEqual([]);
    expect(notes({ state: 'stopping' }, { state: 'stopped' })).toEqual([]);
  });

  it('has nothing to note while it goes on, or was down before', () => {
    expect(notes({ state: 'listening' }, { state: 'listening' })).toEqual([]);
    expect(notes({ state: 'degraded' }, { state: 'backoff', failure })).toEqual([]);
    expect(notes({ state: 'restoring' }, { state: 'backoff', failure })).toEqual([]);
  });
});
