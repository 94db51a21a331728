import type { EventEmitter } from 'node:events';

import type { SupervisorEvents } from '../controlled.js';

/** Upper bounds, in seconds: from a worker that takes a living page over to a phone that syncs for minutes. */
export const durationBucketsSeconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];

export type Labels = Readonly<Record<string, string>>;

/** So many of what these labels say. */
export interface Count {
  readonly labels: Labels;
  readonly count: number;
}

/** So many durations between the same two bucket bounds. */
export interface Durations extends Count {
  readonly sumSeconds: number;
}

/** What was counted since the last time. */
export interface Counted {
  readonly failures: readonly Count[];
  readonly alerts: readonly Count[];
  readonly anomalies: readonly Count[];
  readonly attempts: readonly Count[];
  readonly durations: readonly Durations[];
}

/**
 * Counts what happens from the supervisor's start on, in a few numbers: what turns them into metrics is loaded when
 * somebody asks for these, if ever.
 */
export class SupervisorCounters {
  #tallies = newTallies();

  constructor(events: EventEmitter<SupervisorEvents>) {
    events.on('failure', ({ number, class: failureClass }) =>
      this.#tallies.failures.add({ account: number, class: failureClass }),
    );
    events.on('alert', ({ number, alert }) => this.#tallies.alerts.add({ account: number, kind: alert.kind }));
    events.on('anomaly', ({ number, kind }) => this.#tallies.anomalies.add({ account: number, kind }));
    events.on('attempt', ({ number, attempt: { rung, outcome, durationMs } }) => {
      const labels = { account: number, rung, outcome };
      const seconds = durationMs / 1_000;
      this.#tallies.attempts.add(labels);
      this.#tallies.durations.add(
        labels,
        seconds,
        durationBucketsSeconds.findIndex((bound) => seconds <= bound),
      );
    });
  }

  /** Hands over what was counted, and begins anew. */
  take(): Counted {
    const { failures, alerts, anomalies, attempts, durations } = this.#tallies;
    this.#tallies = newTallies();
    return {
      failures: failures.counts,
      alerts: alerts.counts,
      anomalies: anomalies.counts,
      attempts: attempts.counts,
      durations: durations.counts,
    };
  }
}

function newTallies(): Record<keyof Counted, Tally> {
  return {
    failures: new Tally(),
    alerts: new Tally(),
    anomalies: new Tally(),
    attempts: new Tally(),
    durations: new Tally(),
  };
}

class Tally {
  readonly #entries = new Map<string, { labels: Labels; count: number; sumSeconds: number }>();

  /** @param bucket keeps amounts of different buckets apart. */
  add(labels: Labels, amount = 0, bucket = 0): void {
    const key = JSON.stringify([bucket, ...Object.values(labels)]);
    const entry = this.#entries.get(key) ?? { labels, count: 0, sumSeconds: 0 };
    this.#entries.set(key, { labels, count: entry.count + 1, sumSeconds: entry.sumSeconds + amount });
  }

  get counts(): Durations[] {
    return [...this.#entries.values()];
  }
}
