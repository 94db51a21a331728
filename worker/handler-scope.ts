import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * One run of a message's handlers, known to everything that comes of it: what it awaits, its timers, an exit of the
 * process.
 */
export interface HandlerScope {
  /** WhatsApp has something that this run has sent. */
  hasAnswered: boolean;
  /** When wasup has last got on with what it does for this run, in ms of `performance.now()`; its beginning at first. */
  progressAt: number;
}

export const handlerScope = new AsyncLocalStorage<HandlerScope>();

/** A part of what the handler waits for has come about: its time begins anew. */
export function noteProgress(): void {
  const scope = handlerScope.getStore();
  if (scope !== undefined) scope.progressAt = performance.now();
}
