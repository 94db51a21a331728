// What `import … from 'wasup'` gives.
export * from './bot/define-bot.js';
export {
  displayDeviceStatus,
  type DisplayOptions,
  displaySessionHistory,
  getSessionStats,
} from './shared/displays/index.js';
export type { DeviceStatus } from './shared/device-status.js';
export type { SessionHistoryEntry } from './shared/session-history.js';
export type { Durations, SessionStats } from './shared/session-stats.js';
export { WasupError } from './shared/errors.js';
