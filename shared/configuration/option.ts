/** What options are about, in the order in which they are shown, with the title that people read. */
export const optionGroups = {
  account: 'Accounts and bot',
  browser: 'Browser',
  http: 'Control API',
  log: 'Log',
  'coming-up': 'Start and stop',
  messages: 'Messages',
  watching: 'Watching',
  restarts: 'Restarts',
  memory: 'Memory and age',
} as const;

export type OptionGroup = keyof typeof optionGroups;

/** When a new value holds that the running wasup has read, with what people read of it. */
export const appliesAtTimes = {
  /** Whoever uses it reads it each time. */
  once: 'at once',
  /** Browser or worker were told at their start, so the account gets new ones. */
  'restart-of-account': 'the account is restarted',
  /** What all accounts share was made with it. */
  'restart-of-wasup': 'wasup has to be restarted',
} as const;

export type AppliesAt = keyof typeof appliesAtTimes;

/** A documented option: one value with three doors (file, environment, flag), each beating the one before. */
export interface Option<Value> {
  readonly group: OptionGroup;
  /** When a change holds that a reload of the configuration brings. */
  readonly appliesAt: AppliesAt;
  /** What it does, in one sentence. */
  readonly sentence: string;
  /** `ms`, or nothing for values that have no unit. */
  readonly unit?: 'ms';
  /** What is accepted, in words. */
  readonly range: string;
  /** What holds when nobody says anything, in words. */
  readonly defaultText: string;
  readonly environmentName: string;
  /** With its two dashes. */
  readonly flag: string;
  /** True for what must never be printed. */
  readonly secret?: boolean;
  fallback(context: OptionContext): Value;
  parse(raw: unknown, context: OptionContext): Parsed<Value>;
}

export interface OptionContext {
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths of every source start here. */
  readonly workingDirectory: string;
}

export type Parsed<Value> = Accepted<Value> | Rejected;

export interface Accepted<Value> {
  readonly accepted: true;
  readonly value: Value;
}

export interface Rejected {
  readonly accepted: false;
  /** What is wrong with the value; the value itself is named by whoever reports it. */
  readonly what: string;
  /** A value that would do. */
  readonly write?: string | undefined;
  /** A sentence, where a value alone doesn't help. */
  readonly advice?: string | undefined;
}

export function accept<Value>(value: Value): Accepted<Value> {
  return { accepted: true, value };
}

export function reject(what: string, instead: { write?: string | undefined; advice?: string }): Rejected {
  return { accepted: false, what, ...instead };
}

/** A value as an error message shows it: quoted, control characters escaped, never longer than a line. */
export function show(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  const text = stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Cycles, and getters that throw: a configuration written in JavaScript can hold anything.
    return `a value of type ${typeof value}`;
  }
}
