import type { Alert, AlertKind } from '../shared/alerts.js';
import { endFolding, foldAlert, type Folding, foldingMs } from './fold-alerts.js';

/** Tells an account's alerts: of many of one kind some at once, and the others together. Of each kind one is kept. */
export class AlertFolds<Detail> {
  readonly #tell: (alert: Alert, detail: Detail) => void;
  readonly #kinds = new Map<AlertKind, { folding: Folding; detail: Detail; timer: NodeJS.Timeout }>();

  constructor(tell: (alert: Alert, detail: Detail) => void) {
    this.#tell = tell;
  }

  /** @param detail is told with it; of those that are told together the last one's. */
  raise(alert: Alert, detail: Detail): void {
    const before = this.#kinds.get(alert.kind);
    const { folding, isTold } = foldAlert(before?.folding, alert, performance.now());
    const timer = before?.timer ?? this.#later(alert.kind);
    this.#kinds.set(alert.kind, { folding, detail, timer });
    if (isTold) this.#tell(alert, detail);
  }

  /** Tells what waits, at once: nothing more is told later. */
  close(): void {
    for (const kind of [...this.#kinds.keys()]) this.#end(kind);
    for (const { timer } of this.#kinds.values()) clearTimeout(timer);
    this.#kinds.clear();
  }

  #later(kind: AlertKind): NodeJS.Timeout {
    return setTimeout(() => this.#end(kind), foldingMs).unref();
  }

  #end(kind: AlertKind): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) return;
    clearTimeout(known.timer);
    const ended = endFolding(known.folding, performance.now());
    if (ended === undefined) {
      this.#kinds.delete(kind);
      return;
    }
    this.#kinds.set(kind, { ...known, folding: ended.folding, timer: this.#later(kind) });
    this.#tell(ended.alert, known.detail);
  }
}
