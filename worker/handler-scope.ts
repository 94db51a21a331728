import { AsyncLocalStorage } from 'node:async_hooks';

/** One run of a message's handlers, known to everything that comes of it: what it awaits, its timers, an exit of the process. */
export interface HandlerScope {
  /** WhatsApp has something that this run has sent. */
  hasAnswered: boolean;
}

export const handlerScope = new AsyncLocalStorage<HandlerScope>();
