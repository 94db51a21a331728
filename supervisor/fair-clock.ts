/** What a fair clock needs of the world. */
export interface ClockWorld {
  /** Milliseconds on a clock that only goes forward, whatever is done to the time of day. */
  now(): number;
  /** Calls back after so many ms, without keeping the process alive. Returns what takes it back. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls back once the event loop has looked for what has arrived. */
  afterTurn(callback: () => void): void;
}

/** Something that happens unless it is taken back in time. */
export interface Alarm {
  cancel(): void;
}

interface Armed {
  readonly timeoutMs: number;
  /** On the fair clock. */
  readonly dueAt: number;
  readonly onDue: () => void;
  /** Its time is over; what lies in the queue may still take it back. */
  isDraining: boolean;
}

/** A deadline is noticed late by a twentieth of itself at most. */
const ticksPerTimeout = 20;
/** Anything finer is what a timer of Node is late by on a busy machine. */
const shortestTickMs = 15;
/** Four wake-ups a second, for any number of accounts, are not measurable. */
const longestTickMs = 250;
/**
 * What arrived before a deadline is heard before it is judged. A process that went on after a pause reads a pipe in pieces,
 * one a turn, and one turn costs some microseconds.
 */
const turnsToDrain = 10;

/**
 * Deadlines for others, on the time in which this process could have heard them. Time in which its own event loop stood still
 * (SIGSTOP, a suspended machine, a busy one) doesn't count, but for one tick; and when a deadline is over, everything that has
 * arrived is heard first. One ticker serves all deadlines, and rests while there are none.
 */
export class FairClock {
  readonly #world: ClockWorld;
  readonly #alarms = new Set<Armed>();
  #fairMs = 0;
  #tickedAt = 0;
  #tickMs = longestTickMs;
  #stopTicker: (() => void) | undefined;

  constructor(world: ClockWorld = realWorld) {
    this.#world = world;
  }

  /** Calls back when so many fair ms are over: at most a tick, and what this process stood still, after the real ones. */
  after(timeoutMs: number, onDue: () => void): Alarm {
    this.#advance();
    const alarm = { timeoutMs, dueAt: this.#fairMs + timeoutMs, onDue, isDraining: false };
    this.#alarms.add(alarm);
    const wanted = tickFor(timeoutMs);
    if (this.#stopTicker === undefined || wanted < this.#tickMs) this.#tickIn(wanted);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** However long it was since the last tick, no more than one tick of it can have been fair. */
  #advance(): void {
    const now = this.#world.now();
    if (this.#stopTicker !== undefined) this.#fairMs += Math.min(now - this.#tickedAt, this.#tickMs);
    this.#tickedAt = now;
  }

  #tickIn(tickMs: number): void {
    this.#stopTicker?.();
    this.#tickMs = tickMs;
    this.#stopTicker = this.#world.setTimer(() => this.#tick(), tickMs);
  }

  #tick(): void {
    this.#advance();
    let nextTickMs = longestTickMs;
    for (const alarm of this.#alarms) {
      nextTickMs = Math.min(nextTickMs, tickFor(alarm.timeoutMs));
      if (alarm.isDraining || alarm.dueAt > this.#fairMs) continue;
      alarm.isDraining = true;
      this.#goOffAfter(turnsToDrain, alarm);
    }
    this.#stopTicker = undefined;
    if (this.#alarms.size > 0) this.#tickIn(nextTickMs);
  }

  #goOffAfter(turns: number, alarm: Armed): void {
    this.#world.afterTurn(() => {
      if (!this.#alarms.has(alarm)) return;
      if (turns > 1) {
        this.#goOffAfter(turns - 1, alarm);
        return;
      }
      this.#alarms.delete(alarm);
      alarm.onDue();
    });
  }
}

function tickFor(timeoutMs: number): number {
  return Math.min(longestTickMs, Math.max(shortestTickMs, Math.round(timeoutMs / ticksPerTimeout)));
}

const realWorld: ClockWorld = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
  afterTurn: (callback) => void setImmediate(callback),
};

/** The one of this process. */
export const fairClock = new FairClock();
