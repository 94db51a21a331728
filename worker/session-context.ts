import type { BotLog } from '../bot/define-bot.js';
import type { Output } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { Assignment } from '../shared/protocol/messages.js';
import type { Attempts } from './attempts.js';
import type { SupervisorConnection } from './supervisor-connection.js';
import type { Timeline } from './timeline.js';

/** What the parts of one worker life share. */
export interface SessionContext {
  readonly assignment: Assignment;
  readonly paths: SessionPaths;
  readonly output: Output;
  /** The bot's own lines. */
  readonly botLog: BotLog;
  readonly supervisor: SupervisorConnection;
  readonly timeline: Timeline;
  /** Tells how each attempt to come up went. */
  readonly attempts: Attempts;
}
