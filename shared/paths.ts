import { join } from 'node:path';

/** Where an account's files are. Everything of an account lies below one folder, so that it can be moved or backed up whole. */
export interface SessionPaths {
  readonly directory: string;
  /** Chromium's user data directory: the login itself. */
  readonly profile: string;
  readonly deviceStatus: string;
  readonly sessionHistory: string;
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
    browserLog: join(directory, 'browser.log'),
  };
}
