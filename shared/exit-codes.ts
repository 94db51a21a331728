/**
 * Exit codes, after BSD sysexits where one fits. They are a contract: pm2 and systemd decide by the supervisor's.
 */

/** How a worker ends, for people and scripts: the supervisor goes by what it says before (`failure`). */
export const workerExitCodes = {
  /** Asked to stop. */
  stopped: 0,
  /** WhatsApp could not be reached (EX_UNAVAILABLE). Unlimited retries, the login is never touched. */
  network: 69,
  /** A bug, ours or the bot's (EX_SOFTWARE). */
  bug: 70,
  /** A fault that a restart cures (EX_TEMPFAIL). */
  transient: 75,
  /** The browser or its page is gone (EX_PROTOCOL). */
  browserLost: 76,
  /** WhatsApp says that this device is not linked (EX_NOPERM). */
  loggedOut: 77,
  /** The configuration or the bot module can't work as it is (EX_CONFIG). A restart alone doesn't help. */
  configuration: 78,
} as const;

/** How the supervisor (and the `wasup` command) ends. */
export const supervisorExitCodes = {
  stopped: 0,
  /** Wrong words on the command line (EX_USAGE). */
  usage: 64,
  /** A service that a command needs doesn't answer (EX_UNAVAILABLE). */
  unavailable: 69,
  /** A bug of wasup (EX_SOFTWARE). */
  bug: 70,
  /** Another supervisor holds this sessions directory (EX_CANTCREAT). */
  alreadyRunning: 73,
  /** The configuration can't work as it is (EX_CONFIG). */
  configuration: 78,
} as const;
