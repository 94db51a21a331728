import type { Assignment, AttemptMetrics, WorkerMessage } from '../shared/protocol/messages.js';
import type { Timeline } from './timeline.js';
import type { WorkerFailure } from './worker-failure.js';

/**
 * Tells how each attempt to bring the session up went, once: the one that this life was assigned for, and one for each
 * time that a session which listened has to come up again in its page. What is stopped from outside has not ended.
 */
export class Attempts {
  readonly #assignment: Assignment;
  readonly #timeline: Timeline;
  readonly #send: (message: WorkerMessage) => Promise<void>;
  /** The rung of the attempt that is going on; undefined when none is. */
  #rung: AttemptMetrics['rung'] | undefined;
  /** The newest that the page has said. */
  waVersion: string | null = null;
  /** Messages that had come while nobody listened. */
  messagesCaughtUp = 0;

  constructor(assignment: Assignment, timeline: Timeline, send: (message: WorkerMessage) => Promise<void>) {
    this.#assignment = assignment;
    this.#timeline = timeline;
    this.#send = send;
    this.#rung = assignment.mode === 'link' ? 'relink' : assignment.rung;
  }

  /** The session has listened and has to come up again in its page. */
  beginInPlace(): void {
    this.#rung ??= 'in-place';
  }

  async succeed(healed: boolean): Promise<void> {
    await this.#end({ outcome: 'listening', failedPhase: null, class: null, reason: null, healed });
  }

  /** Of a session that listens it ends no attempt. */
  async fail(failure: WorkerFailure): Promise<void> {
    const { phase } = this.#timeline;
    const { message: reason } = failure;
    await this.#end({ outcome: 'failed', failedPhase: phase, class: failure.class, reason, healed: false });
  }

  async #end(outcome: Pick<AttemptMetrics, 'outcome' | 'failedPhase' | 'class' | 'reason' | 'healed'>): Promise<void> {
    const rung = this.#rung;
    if (rung === undefined) return;
    this.#rung = undefined;
    const { mode, attempt, incarnation } = this.#assignment;
    await this.#send({
      type: 'restore-metrics',
      incarnation,
      attempt: {
        mode,
        rung,
        attempt,
        durationMs: this.#timeline.elapsedMs,
        phases: this.#timeline.durationsMs,
        messagesCaughtUp: this.messagesCaughtUp,
        waVersion: this.waVersion,
        ...outcome,
      },
    });
  }
}
