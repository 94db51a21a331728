import type { BotLog } from '../bot/define-bot.js';
import type { Logger } from '../shared/logger.js';

/**
 * What a bot may log.
 *
 * @param log with bindings of its own: those of a child would stand in a line of JSON beside its parent's, under the
 * same keys.
 */
export function createBotLog(log: Logger): BotLog {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
