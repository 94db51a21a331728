import { join } from 'node:path';

/** Where an account's files are. Everything of an account lies below one folder, so that it can be moved or backed up whole. */
export interface SessionPaths {
  readonly directory: string;
  /** Chromium's user data directory: the login itself. */
  readonly profile: string;
  readonly deviceStatus: string;
  readonly sessionHistory: string;
  /** Logins that WhatsApp has unpaired, set aside with time and reason. */
  readonly quarantine: string;
  /** How often what has failed lately: a restarted supervisor goes on counting. */
  readonly restartTally: string;
  /** How the newest attempts to bring the session up went. */
  readonly restoreMetrics: string;
  /** When pairing codes were asked for. */
  readonly linkingLimits: string;
  /** Incoming messages, and what has become of each. */
  readonly inbox: string;
  /** What Chromium writes to its stderr. */
  readonly browserLog: string;
}

export function sessionPaths(sessionsDirectory: string, accountNumber: string): SessionPaths {
  return sessionPathsIn(join(sessionsDirectory, `session-${accountNumber}`));
}

/** The same, for a worker that was given only its account's folder. */
export function sessionPathsIn(directory: string): SessionPaths {
  return {
    directory,
    profile: join(directory, 'profile'),
    deviceStatus: join(directory, 'device-status.json'),
    sessionHistory: join(directory, 'session-history.json'),
    quarantine: join(directory, 'quarantine'),
    restartTally: join(directory, 'restart-tally.json'),
    restoreMetrics: join(directory, 'restore-metrics.json'),
    linkingLimits: join(directory, 'linking-limits.json'),
    inbox: join(directory, 'inbox.db'),
    browserLog: join(directory, 'browser.log'),
  };
}
