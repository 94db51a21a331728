import { type Option } from './option.js';
import { describeRange, parseWholeNumber } from './parse-values.js';

/** Every option that is a time, in milliseconds. */
export const deadlines = {
  // The defaults of these two find a worker that hangs within 12 s.
  heartbeatIntervalMs: deadline('WASUP_HEARTBEAT_INTERVAL_MS', {
    sentence: 'How often a worker tells that its event loop turns.',
    fallback: 2000,
    least: 100,
    most: 60_000,
  }),
  heartbeatTimeoutMs: deadline('WASUP_HEARTBEAT_TIMEOUT_MS', {
    sentence: 'Silence after which a worker counts as hanging; more than twice the interval.',
    fallback: 10_000,
    least: 300,
    most: 600_000,
  }),
  probeIntervalMs: deadline('WASUP_PROBE_INTERVAL_MS', {
    sentence: 'How often the page is asked whether it lives and listens.',
    fallback: 5000,
    least: 100,
    most: 600_000,
  }),
  probeTimeoutMs: deadline('WASUP_PROBE_TIMEOUT_MS', {
    sentence: 'How long the page may take to answer; not more than the interval.',
    fallback: 4000,
    least: 100,
    most: 600_000,
  }),
  restoreRetryDelayMs: deadline('WASUP_RESTORE_RETRY_DELAY_MS', {
    sentence: 'Pause between two attempts to restore a login.',
    fallback: 5000,
    least: 0,
    most: 600_000,
  }),
  authTimeoutMs: deadline('WASUP_AUTH_TIMEOUT_MS', {
    sentence: 'How long one attempt waits for WhatsApp to accept the stored login.',
    fallback: 30_000,
    least: 100,
    most: 600_000,
  }),
  stopTimeoutMs: deadline('WASUP_STOP_TIMEOUT_MS', {
    sentence: 'Time for a whole stop, from asking politely to killing what is left.',
    fallback: 20_000,
    least: 100,
    // Service managers wait for a limited time, systemd 90 s unless it is told otherwise; a longer stop might not be seen to its end.
    most: 40_000,
  }),
  browserStartTimeoutMs: deadline('WASUP_BROWSER_START_TIMEOUT_MS', {
    sentence: 'Time for the browser to answer after its start.',
    fallback: 30_000,
    least: 100,
    most: 600_000,
  }),
  pageLoadTimeoutMs: deadline('WASUP_PAGE_LOAD_TIMEOUT_MS', {
    sentence: 'Time for the WhatsApp page to load.',
    fallback: 60_000,
    least: 100,
    most: 600_000,
  }),
  syncTimeoutMs: deadline('WASUP_SYNC_TIMEOUT_MS', {
    sentence: 'How long a synchronisation may stand still; one that moves on is left alone.',
    fallback: 60_000,
    least: 100,
    most: 3_600_000,
  }),
  // A connection that comes back by itself mostly does so within seconds.
  transportReconnectMs: deadline('WASUP_TRANSPORT_RECONNECT_MS', {
    sentence: 'How long the connection to WhatsApp may be away before the page is told to connect anew.',
    fallback: 30_000,
    least: 100,
    most: 3_600_000,
  }),
  transportReloadMs: deadline('WASUP_TRANSPORT_RELOAD_MS', {
    sentence: 'How long it may be away before the page is reloaded; longer than the time to connect anew.',
    fallback: 90_000,
    least: 100,
    most: 3_600_000,
  }),
  transportRestartMs: deadline('WASUP_TRANSPORT_RESTART_MS', {
    sentence: 'How long it may be away before the worker is restarted; longer than the time to the reload.',
    fallback: 180_000,
    least: 100,
    most: 3_600_000,
  }),
  incompatibleRetryMs: deadline('WASUP_INCOMPATIBLE_RETRY_MS', {
    sentence: 'Pause between attempts on a WhatsApp Web that the library does not know.',
    fallback: 1_800_000,
    least: 100,
    most: 86_400_000,
  }),
  backoffBaseMs: deadline('WASUP_BACKOFF_BASE_MS', {
    sentence:
      'Pause before the second restart in a row; it doubles with each further one. The first restart waits for nothing.',
    fallback: 250,
    least: 10,
    most: 60_000,
  }),
  backoffCapMs: deadline('WASUP_BACKOFF_CAP_MS', {
    sentence: 'The longest pause between restarts while the breaker is closed.',
    fallback: 60_000,
    least: 10,
    most: 3_600_000,
  }),
  stableAfterMs: deadline('WASUP_STABLE_AFTER_MS', {
    sentence: 'How long a session has to listen until its failures are forgotten.',
    fallback: 10_000,
    least: 0,
    most: 3_600_000,
  }),
  // Long enough for ten failures with all the pauses between them.
  breakerWindowMs: deadline('WASUP_BREAKER_WINDOW_MS', {
    sentence: 'Failures that are further apart than this are no loop.',
    fallback: 600_000,
    least: 1_000,
    most: 86_400_000,
  }),
  breakerPauseMs: deadline('WASUP_BREAKER_PAUSE_MS', {
    sentence: 'How long the breaker stays open before one more restart is tried; doubles each time, up to an hour.',
    fallback: 300_000,
    least: 100,
    most: 3_600_000,
  }),
  startJitterMs: deadline('WASUP_START_JITTER_MS', {
    sentence: 'The longest random pause before each further account is started.',
    fallback: 250,
    least: 0,
    most: 60_000,
  }),
  memoryIntervalMs: deadline('WASUP_MEMORY_INTERVAL_MS', {
    sentence: "How often each account's memory is measured.",
    fallback: 30_000,
    least: 100,
    most: 3_600_000,
  }),
  quietMs: deadline('WASUP_QUIET_MS', {
    sentence: 'How long no message may have come for a planned restart; after an hour it comes without a quiet moment.',
    fallback: 30_000,
    least: 0,
    most: 3_600_000,
  }),
  recycleAfterMs: deadline('WASUP_RECYCLE_AFTER_MS', {
    sentence: 'Age at which browser and worker are replaced as a precaution, spread by a tenth; 0: never.',
    fallback: 0,
    least: 0,
    most: 2_592_000_000,
  }),
  workerStartTimeoutMs: deadline('WASUP_WORKER_START_TIMEOUT_MS', {
    sentence: 'Time for a worker to load its modules and the bot.',
    fallback: 30_000,
    least: 100,
    most: 600_000,
  }),
};

export type DeadlineValues = { readonly [Key in keyof typeof deadlines]: number };

interface Deadline {
  readonly sentence: string;
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

function deadline(environmentName: string, { sentence, fallback, least, most }: Deadline): Option<number> {
  return {
    sentence,
    unit: 'ms',
    range: describeRange({ least, most }, 'ms'),
    defaultText: String(fallback),
    environmentName,
    flag: `--${environmentName
      .replace(/^WASUP_/, '')
      .toLowerCase()
      .replaceAll('_', '-')}`,
    fallback: () => fallback,
    parse: (raw) => parseWholeNumber(raw, { least, most }, fallback, 'ms'),
  };
}
