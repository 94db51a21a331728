import { describeError } from '../shared/errors.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import { DeadlineError } from '../shared/with-deadline.js';
import { WorkerFailure } from './worker-failure.js';

interface Rule {
  readonly pattern: RegExp;
  readonly class: FailureClass;
  readonly sentence: string;
}

/**
 * What whatsapp-web.js 1.34.7 and puppeteer 24 throw or reject with, by its text: the library throws strings, and
 * puppeteer's error classes don't survive a page boundary. The first rule that matches decides.
 */
const rules: readonly Rule[] = [
  {
    pattern: /Requiring unknown module/i,
    class: 'INCOMPATIBLE',
    sentence: 'WhatsApp Web no longer has a part that whatsapp-web.js needs',
  },
  { pattern: /^auth timeout$/, class: 'NETWORK', sentence: 'WhatsApp Web did not start in the page in time' },
  { pattern: /net::ERR_/, class: 'NETWORK', sentence: 'WhatsApp could not be reached' },
  {
    pattern:
      /Execution context was destroyed|Cannot find context|Inspected target navigated|Promise was collected|detached Frame|frame (was |got )?detached|JSHandle/i,
    class: 'TRANSIENT',
    sentence: 'WhatsApp Web reloaded itself in the middle of a step',
  },
  {
    pattern:
      /Target closed|Session closed|Session already detached|Page (closed|crashed)|Protocol error \(|Connection closed/i,
    class: 'LOCAL',
    sentence: 'the browser or its page is gone',
  },
  { pattern: /timed out\. Increase the 'protocolTimeout'/, class: 'LOCAL', sentence: "the browser doesn't answer" },
  {
    // The latter when a reload has cut off an earlier setting up.
    pattern: /^ready timeout$|^Failed to add page binding with name/,
    class: 'TRANSIENT',
    sentence: 'whatsapp-web.js could not set itself up in the page',
  },
];

/** Turns anything thrown into a failure with a class. Pure; an unknown error is a BUG. */
export function classifyFailure(thrown: unknown): WorkerFailure {
  if (thrown instanceof WorkerFailure) return thrown;
  if (thrown instanceof DeadlineError) return new WorkerFailure('TRANSIENT', thrown.message, { cause: thrown });
  const text = describeError(thrown);
  const rule = rules.find(({ pattern }) => pattern.test(text));
  if (rule === undefined) return new WorkerFailure('BUG', text, { cause: thrown });
  return new WorkerFailure(rule.class, `${rule.sentence} (${text})`, { cause: thrown });
}
