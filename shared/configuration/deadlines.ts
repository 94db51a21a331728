import { type Option } from './option.js';
import { describeRange, parseWholeNumber } from './parse-values.js';

/** What `breakerWindowMs` takes at most. */
export const longestBreakerWindowMs = 86_400_000;

/** Every option that is a time, in milliseconds. */
export const deadlines = {
  // The defaults of these two find a worker that hangs within 12 s.
  heartbeatIntervalMs: deadline('WASUP_HEARTBEAT_INTERVAL_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How often a worker tells that its event loop turns.',
    fallback: 2000,
    range: [100, 60_000],
  }),
  heartbeatTimeoutMs: deadline('WASUP_HEARTBEAT_TIMEOUT_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'Silence after which a worker counts as hanging; more than twice the interval.',
    fallback: 10_000,
    range: [300, 600_000],
  }),
  probeIntervalMs: deadline('WASUP_PROBE_INTERVAL_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How often the page is asked whether it lives and listens.',
    fallback: 5000,
    range: [100, 600_000],
  }),
  probeTimeoutMs: deadline('WASUP_PROBE_TIMEOUT_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How long the page may take to answer; not more than the interval.',
    fallback: 4000,
    range: [100, 600_000],
  }),
  restoreRetryDelayMs: deadline('WASUP_RESTORE_RETRY_DELAY_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'Pause between two attempts to restore a login.',
    fallback: 5000,
    range: [0, 600_000],
  }),
  authTimeoutMs: deadline('WASUP_AUTH_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'restart-of-account',
    sentence: 'How long one attempt waits for WhatsApp to accept the stored login.',
    fallback: 30_000,
    range: [100, 600_000],
  }),
  stopTimeoutMs: deadline('WASUP_STOP_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'once',
    sentence: 'Time for a whole stop, from asking politely to killing what is left.',
    fallback: 20_000,
    // Service managers wait for a limited time, systemd 90 s unless it is told otherwise; a longer stop might not be
    // seen to its end.
    range: [100, 40_000],
  }),
  browserStartTimeoutMs: deadline('WASUP_BROWSER_START_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'once',
    sentence: 'Time for the browser to answer after its start.',
    fallback: 30_000,
    range: [100, 600_000],
  }),
  pageLoadTimeoutMs: deadline('WASUP_PAGE_LOAD_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'restart-of-account',
    sentence: 'Time for the WhatsApp page to load.',
    fallback: 60_000,
    range: [100, 600_000],
  }),
  syncTimeoutMs: deadline('WASUP_SYNC_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'restart-of-account',
    sentence: 'How long a synchronisation may stand still; one that moves on is left alone.',
    fallback: 60_000,
    range: [100, 3_600_000],
  }),
  // A connection that comes back by itself mostly does so within seconds.
  transportReconnectMs: deadline('WASUP_TRANSPORT_RECONNECT_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How long the connection to WhatsApp may be away before the page is told to connect anew.',
    fallback: 30_000,
    range: [100, 3_600_000],
  }),
  transportReloadMs: deadline('WASUP_TRANSPORT_RELOAD_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How long it may be away before the page is reloaded; longer than the time to connect anew.',
    fallback: 90_000,
    range: [100, 3_600_000],
  }),
  transportRestartMs: deadline('WASUP_TRANSPORT_RESTART_MS', {
    group: 'watching',
    appliesAt: 'restart-of-account',
    sentence: 'How long it may be away before the worker is restarted; longer than the time to the reload.',
    fallback: 180_000,
    range: [100, 3_600_000],
  }),
  incompatibleRetryMs: deadline('WASUP_INCOMPATIBLE_RETRY_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'Pause between attempts on a WhatsApp Web that the library does not know.',
    fallback: 1_800_000,
    range: [100, 86_400_000],
  }),
  backoffBaseMs: deadline('WASUP_BACKOFF_BASE_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence:
      'Pause before the second restart in a row; it doubles with each further one. The first restart waits for nothing.',
    fallback: 250,
    range: [10, 60_000],
  }),
  backoffCapMs: deadline('WASUP_BACKOFF_CAP_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'The longest pause between restarts while the breaker is closed.',
    fallback: 60_000,
    range: [10, 3_600_000],
  }),
  stableAfterMs: deadline('WASUP_STABLE_AFTER_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'How long a session has to listen until its failures are forgotten.',
    fallback: 10_000,
    range: [0, 3_600_000],
  }),
  // Long enough for ten failures with all the pauses between them.
  breakerWindowMs: deadline('WASUP_BREAKER_WINDOW_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence:
      'The time within which so many failures have to come to open the breaker; with their pauses they have to fit.',
    fallback: 600_000,
    range: [1_000, longestBreakerWindowMs],
  }),
  breakerPauseMs: deadline('WASUP_BREAKER_PAUSE_MS', {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'How long the breaker stays open before one more restart is tried; doubles each time, up to an hour.',
    fallback: 300_000,
    range: [100, 3_600_000],
  }),
  startJitterMs: deadline('WASUP_START_JITTER_MS', {
    group: 'coming-up',
    appliesAt: 'once',
    sentence: 'The longest random pause before each further account is started.',
    fallback: 250,
    range: [0, 60_000],
  }),
  memoryIntervalMs: deadline('WASUP_MEMORY_INTERVAL_MS', {
    group: 'memory',
    appliesAt: 'once',
    sentence: "How often each account's memory is measured.",
    fallback: 30_000,
    range: [100, 3_600_000],
  }),
  // Beyond what a person waits for an answer; other messages of the chat wait behind it.
  handlerTimeoutMs: deadline('WASUP_HANDLER_TIMEOUT_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'How long the bot may take for a message; then it counts as failed, and the chat goes on.',
    fallback: 60_000,
    range: [100, 3_600_000],
  }),
  // What a person takes for an answer, and a little more.
  handlerWaitMs: deadline('WASUP_HANDLER_WAIT_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence:
      "How long a chat's next message may wait for a free handler; beyond it the account is `degraded` until that is over.",
    fallback: 10_000,
    range: [100, 3_600_000],
  }),
  handlerRetryDelayMs: deadline('WASUP_HANDLER_RETRY_DELAY_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence:
      'Pause before the bot gets a message again on which it has failed; each further one is five times as long, five minutes at most.',
    fallback: 1_000,
    range: [1, 300_000],
  }),
  inboxRetentionMs: deadline('WASUP_INBOX_RETENTION_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence:
      'How long messages that are done with, and dead letters, are remembered; longer than what is fetched afterwards.',
    fallback: 2_592_000_000,
    range: [3_600_000, 31_536_000_000],
  }),
  catchUpMaxAgeMs: deadline('WASUP_CATCH_UP_MAX_AGE_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'How old a message may be that came while nobody listened, to be handled nevertheless.',
    fallback: 604_800_000,
    range: [0, 2_592_000_000],
  }),
  catchUpTimeoutMs: deadline('WASUP_CATCH_UP_TIMEOUT_MS', {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'How long the page may take for a step of reading what was missed.',
    fallback: 30_000,
    range: [100, 600_000],
  }),
  quietMs: deadline('WASUP_QUIET_MS', {
    group: 'memory',
    appliesAt: 'once',
    sentence: 'How long no message may have come for a planned restart; after an hour it comes without a quiet moment.',
    fallback: 30_000,
    range: [0, 3_600_000],
  }),
  recycleAfterMs: deadline('WASUP_RECYCLE_AFTER_MS', {
    group: 'memory',
    appliesAt: 'once',
    sentence: 'Age at which browser and worker are replaced as a precaution, spread by a tenth; 0: never.',
    fallback: 0,
    range: [0, 2_592_000_000],
  }),
  workerStartTimeoutMs: deadline('WASUP_WORKER_START_TIMEOUT_MS', {
    group: 'coming-up',
    appliesAt: 'once',
    sentence: 'Time for a worker to load its modules and the bot.',
    fallback: 30_000,
    range: [100, 600_000],
  }),
};

export type DeadlineValues = { readonly [Key in keyof typeof deadlines]: number };

interface Deadline extends Pick<Option<number>, 'group' | 'appliesAt' | 'sentence'> {
  readonly fallback: number;
  readonly range: readonly [least: number, most: number];
}

function deadline(environmentName: string, { range: [least, most], fallback, ...described }: Deadline): Option<number> {
  return {
    ...described,
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
