/** A message on which the bot has failed by an error that the page threw. */
export interface PageFailure {
  readonly message: string;
  /** The same for the same error; see {@link identifyPageError}. */
  readonly error: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** So many different messages fail by the same error before the page is blamed. */
export const messagesToBlamePage = 2;
/** Failures that are further apart say nothing about each other. */
export const failureWindowMs = 120_000;
/** What was tried about an error counts for so long; then it is tried again. */
export const stepMemoryMs = 3_600_000;

export type SendVerdict =
  | { readonly blames: 'message' }
  /** The messages that have failed by it; they are not to be held responsible. */
  | { readonly blames: 'page'; readonly messages: readonly string[] };

/**
 * Whom the newest failure is put down to. The same error over different messages, and no message sent between, is the page's fault. Pure.
 *
 * @param failures oldest first, since the last message that was sent; the newest is judged.
 */
export function judgeSends(failures: readonly PageFailure[]): SendVerdict {
  const newest = failures.at(-1);
  if (newest === undefined) return { blames: 'message' };
  const alike = failures.filter(({ error, at }) => error === newest.error && newest.at - at <= failureWindowMs);
  const messages = [...new Set(alike.map(({ message }) => message))];
  return messages.length < messagesToBlamePage ? { blames: 'message' } : { blames: 'page', messages };
}

/** What was done about an error of the page, kept over worker lives. */
export interface SendStep {
  /** Of {@link hashOf}. */
  readonly error: number;
  readonly step: 'reload' | 'fresh-browser';
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What is done about a page by whose error messages fail: another load, then another browser. An error that both have left as it was is no
 * fault of the page's: undefined. Pure.
 */
export function nextSendStep(last: SendStep | undefined, error: number, now: number): SendStep['step'] | undefined {
  const isKnown = last?.error === error && Math.abs(now - last.at) <= stepMemoryMs;
  if (!isKnown) return 'reload';
  return last.step === 'reload' ? 'fresh-browser' : undefined;
}

const throughPuppeteer = /[\\/]node_modules[\\/]puppeteer(-core)?[\\/]/;

/**
 * A text that is the same for the same error of the page; undefined for an error that was made elsewhere. What a page throws has come through
 * puppeteer, and its first line has the name and the text that the page gave it.
 */
export function identifyPageError(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (throughPuppeteer.test(error.stack ?? '')) return `${error.name}: ${error.message}`.slice(0, 500);
  }
  return undefined;
}

/** 32 bits of a text, as a whole number. FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
