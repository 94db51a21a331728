import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import type { AttemptMetrics } from '../../../shared/protocol/messages.js';
import { Metrics } from '../../../supervisor/control/metrics/metrics.js';
import { SupervisorCounters } from '../../../supervisor/control/metrics/supervisor-counters.js';
import { FakeAccount, FakeSupervisor, number } from './fake-supervisor.js';

const account = new FakeAccount();
const supervisor = new FakeSupervisor(account);
const counters = new SupervisorCounters(supervisor.events);
const attempt: AttemptMetrics = {
  mode: 'restore',
  rung: 'cold',
  attempt: 1,
  outcome: 'listening',
  durationMs: 700,
  phases: {},
  failedPhase: null,
  class: null,
  reason: null,
  healed: false,
  messagesCaughtUp: 0,
  waVersion: null,
};

function happen(): void {
  for (const durationMs of [700, 900, 400_000]) {
    supervisor.events.emit('attempt', { number, attempt: { ...attempt, durationMs } });
  }
  supervisor.events.emit('failure', { number, class: 'NETWORK', reason: 'away' });
  supervisor.events.emit('failure', { number, class: 'NETWORK', reason: 'away' });
  supervisor.events.emit('alert', { number, alert: { kind: 'conflict', sentence: 'Open elsewhere.', action: null } });
  supervisor.events.emit('anomaly', { number, kind: 'late-message', what: 'heartbeat' });
}

// Counted before anybody has asked for the first time.
happen();
const metrics = new Metrics(supervisor, counters);

async function values(): Promise<Map<string, number>> {
  const text = await metrics.render(new Date('2026-11-25T10:01:00.000Z'));
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]));
}

it('count what has happened since the start, once', async () => {
  for (const times of [1, 1, 2]) {
    if (times === 2) happen();
    const now = await values();
    const of = `account="${number}"`;
    expect(now.get(`wasup_account_failures_total{${of},class="NETWORK"}`)).toBe(2 * times);
    expect(now.get(`wasup_account_alerts_total{${of},kind="conflict"}`)).toBe(times);
    expect(now.get(`wasup_account_anomalies_total{${of},kind="late-message"}`)).toBe(times);
    expect(now.get(`wasup_account_attempts_total{${of},rung="cold",outcome="listening"}`)).toBe(3 * times);
    const durations = `${of},rung="cold",outcome="listening"`;
    const bucket = (bound: string): number | undefined =>
      now.get(`wasup_restore_duration_seconds_bucket{le="${bound}",${durations}}`);
    expect(['0.5', '1', '300', '+Inf'].map(bucket)).toEqual([0, 2 * times, 2 * times, 3 * times]);
    expect(now.get(`wasup_restore_duration_seconds_sum{${durations}}`)).toBeCloseTo(401.6 * times);
  }
});

it('show each account as it is now', async () => {
  const of = `account="${number}"`;
  const now = await values();
  expect(now.get(`wasup_account_state{${of},state="listening"}`)).toBe(1);
  expect(now.get(`wasup_account_state{${of},state="backoff"}`)).toBe(0);
  expect(now.get(`wasup_account_listening{${of}}`)).toBe(1);
  expect(now.get(`wasup_account_restarts_total{${of}}`)).toBe(2);
  expect(now.get(`wasup_account_breaker_state{${of},state="closed"}`)).toBe(1);
  expect(now.get(`wasup_worker_heartbeat_age_seconds{${of}}`)).toBe(2);
  expect(now.get(`wasup_worker_heartbeat_lag_seconds{${of}}`)).toBe(0.012);
  expect(now.get(`wasup_worker_resident_memory_bytes{${of}}`)).toBe(120_000_000);
  expect(now.get(`wasup_account_memory_bytes{${of}}`)).toBe(400_000_000);
  expect(now.get(`wasup_account_last_message_timestamp_seconds{${of}}`)).toBe(
    Date.parse('2026-11-25T10:00:30Z') / 1_000,
  );
});

it('don’t go on showing what isn’t there any more', async () => {
  account.become({ state: 'backoff', isActive: false, heartbeat: null, memoryBytes: null });
  const without = await values();
  expect(without.get(`wasup_account_listening{account="${number}"}`)).toBe(0);
  expect([...without.keys()].filter((name) => /^wasup_(worker|account_memory)/.test(name))).toEqual([]);
  supervisor.accounts.pop();
  const gone = [...(await values()).keys()].filter((name) => name.startsWith('wasup_account_state'));
  expect(gone).toEqual([]);
});

it('are the ones that the documentation lists', async () => {
  const page = readFileSync(new URL('../../../docs/control-api.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `((?:wasup|process|nodejs)_\w+)` +\| (\w+) +\| (.*?) *\|/gm)].map(
    ([, name, type, labels]) => ({ name, type, labels: labels === '' ? [] : labels?.replaceAll('`', '').split(', ') }),
  );
  const exported = (await metrics.registry.getMetricsAsJSON()).map(({ name, type }) => ({
    name,
    type: String(type),
    labels: labelsOf(name),
  }));
  const byName = (a: { name: string | undefined }, b: { name: string | undefined }): number =>
    String(a.name).localeCompare(String(b.name));
  expect(documented.toSorted(byName)).toEqual(exported.toSorted(byName));
});

function labelsOf(name: string): unknown {
  return (metrics.registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames;
}
