import { type DeadlineValues, deadlines } from './deadlines.js';
import { type Option, type OptionContext } from './option.js';
import { parseAccounts } from './parse-accounts.js';
import { parseBrowserArguments } from './parse-browser-arguments.js';
import { parseHost, parseToken } from './parse-http.js';
import { describeRange, parseChoice, parsePath, parseSwitch, parseWholeNumber } from './parse-values.js';

const authMethods = ['qr', 'code'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const logFormats = ['pretty', 'json'] as const;

export interface OptionValues extends DeadlineValues {
  readonly accounts: readonly string[];
  readonly sessionsDirectory: string;
  readonly botModule: string | undefined;
  readonly authMethod: (typeof authMethods)[number];
  readonly 'http.host': string;
  readonly 'http.port': number;
  readonly 'http.token': string | undefined;
  readonly standby: boolean;
  readonly 'log.level': (typeof logLevels)[number];
  readonly 'log.format': (typeof logFormats)[number];
  readonly 'browser.executablePath': string | undefined;
  readonly 'browser.arguments': readonly string[];
  readonly maxRestoreAttempts: number;
  readonly maxLoginsPerHour: number;
  readonly breakerFailures: number;
  readonly startConcurrency: number;
  readonly handlerAttempts: number;
  readonly handlerConcurrency: number;
  readonly inboxMaxMb: number;
  readonly catchUpMaxMessages: number;
  readonly diskLowMb: number;
  readonly memorySoftLimitMb: number;
  readonly memoryHardLimitMb: number;
}

/** Every option, by the name it has in `wasup.config.json` (a dot stands for nesting). */
export const options: { readonly [Key in keyof OptionValues]: Option<OptionValues[Key]> } = {
  accounts: {
    group: 'account',
    appliesAt: 'once',
    sentence: 'The WhatsApp accounts to keep alive, country code first.',
    range: 'numbers of 7 to 15 digits, separated by commas, none twice',
    defaultText: 'none',
    environmentName: 'WASUP_ACCOUNTS',
    flag: '--accounts',
    fallback: () => [],
    parse: parseAccounts,
  },
  sessionsDirectory: {
    group: 'account',
    appliesAt: 'restart-of-wasup',
    sentence: 'The folder that holds logins, status files and histories.',
    range: 'a path',
    defaultText: './sessions',
    environmentName: 'WASUP_SESSIONS_DIR',
    flag: '--sessions-dir',
    fallback: (context) => absolutePath('./sessions', context),
    parse: (raw, context) => parsePath(raw, context, './sessions'),
  },
  botModule: {
    group: 'account',
    appliesAt: 'restart-of-account',
    sentence: 'The JavaScript module whose default export is the bot.',
    range: 'the path of a file that exists',
    defaultText: 'the bundled bot',
    environmentName: 'WASUP_BOT',
    flag: '--bot',
    fallback: () => undefined,
    parse: (raw, context) => parsePath(raw, context, './bot.js'),
  },
  authMethod: choice(authMethods, 'qr', {
    group: 'account',
    appliesAt: 'restart-of-account',
    sentence: 'How a new device is linked: by scanning a QR, or by entering a pairing code on the phone.',
    environmentName: 'WASUP_AUTH_METHOD',
    flag: '--auth-method',
  }),
  'http.host': {
    group: 'http',
    appliesAt: 'restart-of-wasup',
    sentence: 'The address that dashboard and control API listen on.',
    range: 'a host name or address',
    defaultText: '127.0.0.1',
    environmentName: 'WASUP_HTTP_HOST',
    flag: '--http-host',
    fallback: () => '127.0.0.1',
    parse: parseHost,
  },
  'http.port': {
    group: 'http',
    appliesAt: 'restart-of-wasup',
    sentence: 'The port of dashboard and control API; 0 takes any free one.',
    range: '0 to 65535',
    defaultText: '8787',
    environmentName: 'WASUP_HTTP_PORT',
    flag: '--http-port',
    fallback: () => 8787,
    parse: (raw) => parseWholeNumber(raw, { least: 0, most: 65_535 }, 8787, undefined),
  },
  'http.token': {
    group: 'http',
    appliesAt: 'restart-of-wasup',
    sentence:
      'The bearer token of the control API. Other users can read flags in the process list: prefer the environment.',
    range: 'printable characters without spaces; 16 or more where the host is not loopback',
    defaultText: 'generated, kept in the sessions folder',
    environmentName: 'WASUP_HTTP_TOKEN',
    flag: '--http-token',
    secret: true,
    fallback: () => undefined,
    parse: parseToken,
  },
  standby: {
    group: 'coming-up',
    appliesAt: 'restart-of-wasup',
    sentence: 'Whether a spare worker with its modules loaded waits for the next crash.',
    range: '1 or 0',
    defaultText: '1',
    environmentName: 'WASUP_STANDBY',
    flag: '--standby',
    fallback: () => true,
    parse: parseSwitch,
  },
  'log.level': choice(logLevels, 'info', {
    group: 'log',
    appliesAt: 'restart-of-wasup',
    sentence: 'The least important log lines that are written.',
    environmentName: 'WASUP_LOG_LEVEL',
    flag: '--log-level',
  }),
  'log.format': {
    ...choice(logFormats, 'pretty', {
      group: 'log',
      appliesAt: 'restart-of-wasup',
      sentence: 'Log lines for people, or one JSON object a line.',
      environmentName: 'WASUP_LOG_FORMAT',
      flag: '--log-format',
    }),
    defaultText: 'json when NODE_ENV is production, else pretty',
    fallback: ({ environment }) => (environment['NODE_ENV'] === 'production' ? 'json' : 'pretty'),
  },
  'browser.executablePath': {
    group: 'browser',
    appliesAt: 'restart-of-wasup',
    sentence: 'The Chromium or Chrome to use.',
    range: 'the path of an executable',
    defaultText: 'an installed one, else a downloaded one',
    environmentName: 'PUPPETEER_EXECUTABLE_PATH',
    flag: '--browser-path',
    fallback: () => undefined,
    parse: (raw, context) => parsePath(raw, context, '/usr/bin/chromium'),
  },
  'browser.arguments': {
    group: 'browser',
    appliesAt: 'restart-of-account',
    sentence: 'More switches for the browser, quoted as in a shell or as a JSON array.',
    range: 'words that start with --, none of those that wasup sets itself',
    defaultText: 'none',
    environmentName: 'WASUP_BROWSER_ARGS',
    flag: '--browser-args',
    fallback: () => [],
    parse: parseBrowserArguments,
  },
  ...deadlines,
  maxRestoreAttempts: wholeNumber(3, [1, 10], {
    group: 'restarts',
    appliesAt: 'restart-of-account',
    sentence: 'Attempts that WhatsApp may refuse before the device has to be linked again.',
    environmentName: 'WASUP_MAX_RESTORE_ATTEMPTS',
    flag: '--max-restore-attempts',
  }),
  // People open WhatsApp Web a few times a day; an account that logs in without end is what WhatsApp restricts.
  maxLoginsPerHour: wholeNumber(60, [1, 10_000], {
    group: 'restarts',
    appliesAt: 'once',
    sentence: 'How often WhatsApp Web may be opened within an hour, for each account.',
    environmentName: 'WASUP_MAX_LOGINS_PER_HOUR',
    flag: '--max-logins-per-hour',
  }),
  breakerFailures: wholeNumber(10, [2, 1_000], {
    group: 'restarts',
    appliesAt: 'once',
    sentence:
      'Restart intensity: so many failures within the window, without a stable run between them, open the breaker.',
    environmentName: 'WASUP_BREAKER_FAILURES',
    flag: '--breaker-failures',
  }),
  startConcurrency: wholeNumber(2, [1, 64], {
    group: 'coming-up',
    appliesAt: 'once',
    sentence: 'How many accounts may be on their way up at the same time.',
    environmentName: 'WASUP_START_CONCURRENCY',
    flag: '--start-concurrency',
  }),
  handlerAttempts: wholeNumber(3, [1, 20], {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'How often the bot gets a message on which it fails, before that is parked as a dead letter.',
    environmentName: 'WASUP_HANDLER_ATTEMPTS',
    flag: '--handler-attempts',
  }),
  handlerConcurrency: wholeNumber(10, [1, 1_000], {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence:
      'In how many chats at the same time the bot may be at a message; within a chat it is one after the other.',
    environmentName: 'WASUP_HANDLER_CONCURRENCY',
    flag: '--handler-concurrency',
  }),
  inboxMaxMb: wholeNumber(256, [1, 100_000], {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'Size of the inbox (in MB) above which the oldest messages that are done with are forgotten early.',
    environmentName: 'WASUP_INBOX_MAX_MB',
    flag: '--inbox-max-mb',
  }),
  catchUpMaxMessages: wholeNumber(10_000, [0, 1_000_000], {
    group: 'messages',
    appliesAt: 'restart-of-account',
    sentence: 'How many messages that came while nobody listened are handled, the newest; 0: none.',
    environmentName: 'WASUP_CATCH_UP_MAX_MESSAGES',
    flag: '--catch-up-max-messages',
  }),
  memorySoftLimitMb: wholeNumber(1_500, [0, 1_000_000], {
    group: 'memory',
    appliesAt: 'once',
    sentence:
      "Memory (PSS, in MB) of an account's browser and worker above which both are replaced at a quiet moment; 0: none.",
    environmentName: 'WASUP_MEMORY_SOFT_LIMIT_MB',
    flag: '--memory-soft-limit-mb',
  }),
  memoryHardLimitMb: wholeNumber(3_000, [0, 1_000_000], {
    group: 'memory',
    appliesAt: 'once',
    sentence: 'Memory (PSS, in MB) above which they are replaced at once; 0: none.',
    environmentName: 'WASUP_MEMORY_HARD_LIMIT_MB',
    flag: '--memory-hard-limit-mb',
  }),
  diskLowMb: wholeNumber(500, [0, 1_000_000], {
    group: 'watching',
    appliesAt: 'once',
    sentence: 'Free space (in MB) on the disk of the sessions folder below which an alert says so; 0: never.',
    environmentName: 'WASUP_DISK_LOW_MB',
    flag: '--disk-low-mb',
  }),
};

export type OptionKey = keyof OptionValues;

export const optionKeys = Object.keys(options) as OptionKey[];

type Named = Pick<Option<unknown>, 'group' | 'appliesAt' | 'sentence' | 'environmentName' | 'flag'>;

function choice<Choice extends string>(choices: readonly Choice[], fallback: Choice, names: Named): Option<Choice> {
  return {
    ...names,
    range: choices.join(', '),
    defaultText: fallback,
    fallback: () => fallback,
    parse: (raw) => parseChoice(raw, choices),
  };
}

function wholeNumber(fallback: number, [least, most]: readonly [number, number], names: Named): Option<number> {
  return {
    ...names,
    range: describeRange({ least, most }, undefined),
    defaultText: String(fallback),
    fallback: () => fallback,
    parse: (raw) => parseWholeNumber(raw, { least, most }, fallback, undefined),
  };
}

function absolutePath(path: string, context: OptionContext): string {
  const parsed = parsePath(path, context, path);
  return parsed.accepted ? parsed.value : path;
}
