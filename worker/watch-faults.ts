import { describeError } from '../shared/errors.js';

export interface WatchFaultsOptions {
  /** Called with what nobody has caught. */
  readonly fail: (thrown: unknown) => void;
  /** Told, seldom, that a handler of the bot's has taken what would have ended the worker. */
  readonly onTaken: (words: string) => void;
  readonly process?: NodeJS.EventEmitter;
}

/**
 * Hears of errors that nobody has caught, as Node means it: where the bot brings a handler of its own for them, that decides, and the worker
 * goes on. To be called before the bot is loaded.
 */
export function watchFaults({ fail, onTaken, process: heard = process }: WatchFaultsOptions): void {
  let taken = 0;
  const take = (event: string, error: unknown): void => {
    taken += 1;
    // The first, the tenth, the hundredth…: a bot may live like this for months.
    if (!Number.isInteger(Math.log10(taken))) return;
    const times = taken === 1 ? '' : ` It is the ${taken}th.`;
    onTaken(
      `The bot's own handler of ${event} has taken an error that would have ended the worker: ${describeError(error)}.${times}`,
    );
  };
  heard.on('uncaughtException', (error: unknown) => {
    if (heard.listenerCount('uncaughtException') > ours.uncaughtException) take('uncaughtException', error);
    else fail(error);
  });
  heard.on('unhandledRejection', (reason: unknown) => {
    if (heard.listenerCount('unhandledRejection') > ours.unhandledRejection) take('unhandledRejection', reason);
    // Without a handler for rejections, Node hands them to the one for exceptions.
    else if (heard.listenerCount('uncaughtException') > ours.uncaughtException)
      heard.emit('uncaughtException', reason, 'unhandledRejection');
    else fail(reason);
  });
  const ours = {
    uncaughtException: heard.listenerCount('uncaughtException'),
    unhandledRejection: heard.listenerCount('unhandledRejection'),
  };
}
