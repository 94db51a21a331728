import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { accountStateNames } from '../../../shared/account-state.js';
import { readVersion } from '../../version.js';
import type { AccountView, ControlledSupervisor } from '../controlled.js';
import { addProcessMetrics } from './process-metrics.js';
import { durationBucketsSeconds, type SupervisorCounters } from './supervisor-counters.js';

const breakerStates = ['closed', 'half-open', 'open'] as const satisfies AccountView['breaker'][];

/** What Prometheus reads of a supervisor; `docs/control-api.md` lists it. One for each supervisor: it takes the counts. */
export class Metrics {
  readonly registry = new Registry();
  readonly #supervisor: Pick<ControlledSupervisor, 'accounts'>;
  readonly #counters: SupervisorCounters;
  readonly #gauges = createGauges(this.registry);
  readonly #counts = createCounters(this.registry);

  constructor(supervisor: Pick<ControlledSupervisor, 'accounts'>, counters: SupervisorCounters) {
    this.#supervisor = supervisor;
    this.#counters = counters;
    addProcessMetrics({ Counter, Gauge }, this.registry);
    new Gauge({
      name: 'wasup_build_info',
      help: 'Always 1; the labels say which wasup runs on which Node.js.',
      labelNames: ['version', 'node_version'],
      registers: [this.registry],
    }).set({ version: readVersion(), node_version: process.version }, 1);
  }

  /** @param now for how old heartbeats are. */
  render(now = new Date()): Promise<string> {
    this.#takeCounts();
    // An account that isn't configured any more has no present state.
    for (const gauge of Object.values(this.#gauges)) gauge.reset();
    this.#counts.restarts.reset();
    for (const account of this.#supervisor.accounts) this.#show(account.view(), now);
    return this.registry.metrics();
  }

  #takeCounts(): void {
    const { failures, alerts, anomalies, attempts, durations } = this.#counters.take();
    for (const { labels, count } of failures) this.#counts.failures.inc(labels, count);
    for (const { labels, count } of alerts) this.#counts.alerts.inc(labels, count);
    for (const { labels, count } of anomalies) this.#counts.anomalies.inc(labels, count);
    for (const { labels, count } of attempts) this.#counts.attempts.inc(labels, count);
    for (const { labels, count, sumSeconds } of durations) {
      // They lie in one bucket, and so does their mean: buckets and sum come out as if each had been observed.
      for (let each = 0; each < count; each += 1) this.#counts.durations.observe(labels, sumSeconds / count);
    }
  }

  #show(view: AccountView, now: Date): void {
    const account = view.number;
    const { state, listening, breaker, heartbeatAge, lag, workerMemory, memory, lastMessage, messages } = this.#gauges;
    for (const name of accountStateNames) state.set({ account, state: name }, view.state === name ? 1 : 0);
    for (const name of breakerStates) breaker.set({ account, state: name }, view.breaker === name ? 1 : 0);
    listening.set({ account }, view.isActive ? 1 : 0);
    this.#counts.restarts.inc({ account }, view.restarts);
    if (view.heartbeat !== null) {
      const { at, lagMs, rssBytes } = view.heartbeat;
      heartbeatAge.set({ account }, Math.max(0, now.getTime() - Date.parse(at)) / 1_000);
      lag.set({ account }, lagMs / 1_000);
      workerMemory.set({ account }, rssBytes);
    }
    if (view.memoryBytes !== null) memory.set({ account }, view.memoryBytes);
    if (view.inbox !== null) {
      for (const [name, count] of Object.entries(view.inbox)) messages.set({ account, state: name }, count);
    }
    if (view.lastMessageAt !== null) lastMessage.set({ account }, Date.parse(view.lastMessageAt) / 1_000);
  }
}

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, ...more: string[]): Gauge =>
    new Gauge({ name, help, labelNames: ['account', ...more], registers: [registry] });
  return {
    state: gauge('wasup_account_state', '1 for the state that the account is in, 0 for the others.', 'state'),
    listening: gauge('wasup_account_listening', '1 while the account is verified to be listening.'),
    breaker: gauge('wasup_account_breaker_state', '1 for the state of the restart breaker, 0 for the others.', 'state'),
    heartbeatAge: gauge('wasup_worker_heartbeat_age_seconds', 'Time since the newest heartbeat of the worker.'),
    lag: gauge(
      'wasup_worker_heartbeat_lag_seconds',
      "How late the newest heartbeat was: the lag of the worker's event loop.",
    ),
    workerMemory: gauge('wasup_worker_resident_memory_bytes', 'Resident memory of the worker.'),
    memory: gauge('wasup_account_memory_bytes', 'Memory of browser and worker together (PSS).'),
    messages: gauge(
      'wasup_account_messages',
      'Messages in the inbox: waiting for the bot, running (with it), dead (parked as dead letters).',
      'state',
    ),
    lastMessage: gauge(
      'wasup_account_last_message_timestamp_seconds',
      'When the newest message came, in seconds since 1970.',
    ),
  };
}

function createCounters(registry: Registry) {
  const counter = (name: string, help: string, ...more: string[]): Counter =>
    new Counter({ name, help, labelNames: ['account', ...more], registers: [registry] });
  return {
    restarts: counter('wasup_account_restarts_total', 'Worker lives after the first.'),
    failures: counter('wasup_account_failures_total', 'Lives and attempts that have ended by themselves.', 'class'),
    attempts: counter('wasup_account_attempts_total', 'Attempts to bring the session up.', 'rung', 'outcome'),
    alerts: counter('wasup_account_alerts_total', 'What an operator had to hear of.', 'kind'),
    anomalies: counter('wasup_account_anomalies_total', 'What should not happen, and was ignored.', 'kind'),
    durations: new Histogram({
      name: 'wasup_restore_duration_seconds',
      help: 'How long attempts to bring the session up took.',
      labelNames: ['account', 'rung', 'outcome'],
      buckets: durationBucketsSeconds,
      registers: [registry],
    }),
  };
}
