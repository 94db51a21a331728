/**
 * The environment for workers and browsers: without what the service manager said to the supervisor alone. A bot that takes itself
 * for systemd's or pm2's own child would speak to them in the supervisor's name ("ready", "stopping"), or to a channel that isn't there.
 */
export function environmentForChildren(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isPm2 = environment['pm_id'] !== undefined;
  const isForUs = (name: string): boolean =>
    systemdNames.test(name) || nodeNames.test(name) || (isPm2 && pm2Names.test(name));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isForUs(name)));
}

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
