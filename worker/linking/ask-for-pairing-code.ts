import { describeError } from '../../shared/errors.js';
import { claimPairingCode, describeRefusal, pausePairingCodes } from '../../shared/linking-limits.js';
import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { classifyFailure } from '../classify-failure.js';
import type { LinkingPage } from '../whatsapp/linking-page.js';

/** WhatsApp answers within seconds. */
const answerTimeoutMs = 30_000;

export type PairingCodeAnswer =
  | { readonly type: 'code'; readonly code: string }
  /** The reason has no full stop. `asked` says whether WhatsApp was asked, or wasup has refused by itself. */
  | { readonly type: 'refused'; readonly reason: string; readonly asked: boolean }
  /** The page went away in the middle. */
  | { readonly type: 'page-gone' };

export interface PairingCodeRequest {
  readonly page: Pick<LinkingPage, 'isUnpaired' | 'requestPairingCode'>;
  readonly account: string;
  /** Where the codes are counted. */
  readonly limitsPath: string;
  readonly now: () => Date;
}

/**
 * Asks WhatsApp for a pairing code, if that may be: in a page without an identity (a request for a number that is
 * linked can unlink its living device), and within the limits that are kept on disk. Never rejects.
 */
export async function askForPairingCode(request: PairingCodeRequest): Promise<PairingCodeAnswer> {
  const { page, account, limitsPath, now } = request;
  try {
    if (!(await page.isUnpaired())) return refusal('The page does not wait for a device to be linked');
    const obstacle = await claimPairingCode(limitsPath, now()).then(
      (decision) => (decision.allowed ? undefined : describeRefusal(decision)),
      (error: unknown) => `Pairing codes can't be counted, and so none is asked for (${describeError(error)})`,
    );
    if (obstacle !== undefined) return refusal(obstacle);
    const code = await withDeadline(page.requestPairingCode(account), answerTimeoutMs, 'The answer');
    return { type: 'code', code };
  } catch (error) {
    return afterError(error, request);
  }
}

async function afterError(error: unknown, { limitsPath, now }: PairingCodeRequest): Promise<PairingCodeAnswer> {
  const text = describeError(error);
  if (/\b429\b|rate-?overlimit/i.test(text)) {
    // The code itself is counted already; where this can't be written, the next can't be counted either.
    await pausePairingCodes(limitsPath, now()).catch(() => undefined);
    const reason = `WhatsApp refused to give a pairing code, because too many were asked for (${text}); none is asked for within 24 hours`;
    return { type: 'refused', reason, asked: true };
  }
  if (error instanceof DeadlineError) {
    const reason = `WhatsApp gave no answer to the request for a pairing code within ${answerTimeoutMs / 1_000} s`;
    return { type: 'refused', reason, asked: true };
  }
  if (['TRANSIENT', 'LOCAL'].includes(classifyFailure(error).class)) return { type: 'page-gone' };
  return { type: 'refused', reason: `WhatsApp refused to give a pairing code (${text})`, asked: true };
}

function refusal(reason: string): PairingCodeAnswer {
  return { type: 'refused', reason, asked: false };
}
