import { withoutPasswords } from '../shared/secrets.js';

/**
 * The environment for workers and browsers. Without what the service manager said to the supervisor alone: a bot that takes itself for
 * systemd's or pm2's own child would speak to them in the supervisor's name ("ready", "stopping"), or to a channel that isn't there. And without
 * the operator's settings of wasup, whatever they are called: tokens and keys, and what is said of other accounts.
 */
export function environmentForChildren(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isPm2 = environment['pm_id'] !== undefined;
  const isForUs = (name: string): boolean =>
    (ownNames.test(name) && !forBots.has(name)) ||
    systemdNames.test(name) ||
    nodeNames.test(name) ||
    (isPm2 && pm2Names.test(name));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isForUs(name)));
}

export interface Terminal {
  readonly isTTY: boolean;
  /** Bits of a colour: 1, 4, 8 or 24. */
  getColorDepth?(): number;
}

/** For a worker: what it prints is read by the supervisor, and has the colours of the terminal to which that leads. */
export function environmentForWorkers(environment: NodeJS.ProcessEnv, terminal: Terminal): NodeJS.ProcessEnv {
  const forChildren = environmentForChildren(environment);
  const isDecided = environment['FORCE_COLOR'] !== undefined || environment['NO_COLOR'] !== undefined;
  if (!terminal.isTTY || isDecided) return forChildren;
  return { ...forChildren, FORCE_COLOR: colourLevels[terminal.getColorDepth?.() ?? 1] ?? '1' };
}

/** For a browser, whose helpers run pages of others: passwords of proxies, which Chromium doesn't take from here anyway, stay out, too. */
export function environmentForBrowsers(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environmentForChildren(environment)).map(([name, value]) => [
      name,
      value && withoutPasswords(value),
    ]),
  );
}

/** What programs understand that ask for colours, by the bits of a colour. */
const colourLevels: Readonly<Record<number, string>> = { 1: '0', 4: '1', 8: '2', 24: '3' };

const ownNames = /^WASUP_/i;

/** By this `displayDeviceStatus` and its like find the files, also where a bot calls them. */
const forBots = new Set(['WASUP_SESSIONS_DIR']);

const systemdNames = /^(NOTIFY_SOCKET|WATCHDOG_(PID|USEC)|LISTEN_(PID|FDS|FDNAMES)|MAINPID|FDSTORE)$/;

/** Node takes them out by itself when it is started as they say, and nothing else may inherit them. */
const nodeNames = /^NODE_(CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/;

/** pm2 7 puts all it knows of a process into its environment. PM2_HOME stays, for bots that run pm2. */
const pm2Names = new RegExp(
  `^(${[
    'pm_.*',
    'axm_.*',
    'PM2_(USAGE|PROGRAMMATIC|INTERACTOR_PROCESSING|JSON_PROCESSING)',
    'NODE_APP_INSTANCE|instance_var|instances|unique_id|name|namespace|username|version|versioning|node_version|status|cwd|created_at',
    'exec_mode|exec_interpreter|autostart|autorestart|restart_time|unstable_restarts|min_uptime|max_restarts|exit_code',
    'restart_delay|exp_backoff_restart_delay|prev_restart_delay|kill_timeout|kill_retry_time|listen_timeout|wait_ready|treekill',
    'pmx|automation|trace|disable_trace|vizion|vizion_running|km_link|windowsHide|merge_logs|log_date_format|source_map_support',
  ].join('|')})$`,
);
