import { describeError } from '../shared/errors.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import { DeadlineError } from '../shared/with-deadline.js';
import { WorkerFailure } from './worker-failure.js';

interface Rule {
  readonly pattern: RegExp;
  readonly class: FailureClass;
  readonly sentence: string;
  readonly reloadMayHelp?: true;
}

/**
 * What whatsapp-web.js 1.34.7 and puppeteer 24 throw or reject with, by its text: the library throws strings, and
 * puppeteer's error classes don't survive a page boundary. The first rule that matches decides. What stands in no rule
 * is a BUG: most of what the library throws besides is for a bot that asks for something impossible.
 */
const rules: readonly Rule[] = [
  {
    // WhatsApp loads some of its parts late: the next load of the page may have what this one hasn't.
    pattern: /Requiring unknown module/i,
    class: 'INCOMPATIBLE',
    sentence: 'WhatsApp Web no longer has a part that whatsapp-web.js needs',
    reloadMayHelp: true,
  },
  { pattern: /^auth timeout$/, class: 'NETWORK', sentence: 'WhatsApp Web did not start in the page in time' },
  { pattern: /net::ERR_/, class: 'NETWORK', sentence: 'WhatsApp could not be reached' },
  { pattern: /^Navigation timeout of \d+ ms exceeded$/, class: 'NETWORK', sentence: 'WhatsApp did not answer in time' },
  {
    pattern: /rate-overlimit/,
    class: 'NETWORK',
    sentence: 'WhatsApp has been asked too often and refuses to answer for a while',
  },
  {
    pattern:
      /Execution context was destroyed|Cannot find context|Inspected target navigated|Promise was collected|detached Frame|frame (was |got )?detached|Not attached to an active page|LifecycleWatcher|JSHandle|Argument should belong to the same JavaScript world|Cannot find object with id/i,
    class: 'TRANSIENT',
    sentence: 'WhatsApp Web reloaded itself in the middle of a step',
  },
  {
    pattern:
      /Target closed|Session closed|Session already detached|^Page (closed|crashed)|Target crashed|Protocol error \(|Connection closed|Navigation failed because browser has disconnected|CDPSession creation failed/i,
    class: 'LOCAL',
    sentence: 'the browser or its page is gone',
  },
  { pattern: /timed out\. Increase the 'protocolTimeout'/, class: 'LOCAL', sentence: "the browser doesn't answer" },
  {
    pattern: /^Waiting failed(: \d+ms exceeded)?$|^Timed out after waiting \d+ms$/,
    class: 'TRANSIENT',
    sentence: 'WhatsApp Web took too long for a step',
  },
  {
    // The latter when a reload has cut off an earlier setting up.
    pattern: /^ready timeout$|^Failed to add page binding with name/,
    class: 'TRANSIENT',
    sentence: 'whatsapp-web.js could not set itself up in the page',
    reloadMayHelp: true,
  },
];

/** Turns anything thrown into a failure with a class. Pure; an unknown error is a BUG. */
export function classifyFailure(thrown: unknown): WorkerFailure {
  if (thrown instanceof WorkerFailure) return thrown;
  if (thrown instanceof DeadlineError) return new WorkerFailure('TRANSIENT', thrown.message, { cause: thrown });
  const text = describeError(thrown);
  const rule = rules.find(({ pattern }) => pattern.test(text));
  if (rule === undefined) return new WorkerFailure('BUG', text, { cause: thrown });
  const { sentence, reloadMayHelp = false } = rule;
  return new WorkerFailure(rule.class, `${sentence} (${text})`, { cause: thrown, reloadMayHelp });
}
