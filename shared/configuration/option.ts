/** A documented option: one value with three doors (file, environment, flag), each beating the one before. */
export interface Option<Value> {
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
