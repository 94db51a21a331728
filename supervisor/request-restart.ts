import type { RequestAnswer } from './control/controlled.js';
import type { Machine } from './machine-types.js';

/** What an account in this state makes of a request for a restart. Pure. */
export function answerRestartRequest({ state }: Machine, isHeldByAnother: boolean): RequestAnswer {
  const refuse = (sentence: string, action: string): RequestAnswer => ({ accepted: false, sentence, action });
  const accept = (sentence: string): RequestAnswer => ({ accepted: true, sentence, action: null });
  if (isHeldByAnother) return refuse('Another supervisor runs this account.', 'Ask that one.');
  switch (state) {
    case 'stopped':
    case 'stopping':
      return refuse('The account is stopped.', 'Start wasup first.');
    case 'needs-link':
      return accept('Starting again; the device has to be linked.');
    case 'failed':
    case 'backoff':
      return accept('Starting again now; what has failed before is forgotten.');
    case 'starting':
    case 'restoring':
    case 'linking':
      return accept('Restarting.');
    case 'listening':
    case 'degraded':
      return accept('Handing over to a new worker; the old one listens until that is ready.');
  }
}
