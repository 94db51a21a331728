import type { LinkAnswer, LinkMethod } from '../shared/link-answer.js';
import { describeRefusal, readPairingCodeDecision } from '../shared/linking-limits.js';
import { answerLinkRequest, type LinkDesk } from './link-desk.js';
import type { Machine } from './machine-types.js';

export interface LinkableAccount {
  readonly number: string;
  readonly machine: () => Machine;
  readonly isHeldByAnother: boolean;
  /** File of the limits on pairing codes. */
  readonly limitsPath: string;
  start(): void;
  /** Has the worker that waits for a link show another code. */
  refresh(method: LinkMethod): void;
}

/** Meets a person's request for a code, or says why not. */
export async function requestLink(account: LinkableAccount, desk: LinkDesk, method: LinkMethod): Promise<LinkAnswer> {
  const refusal = method === 'code' ? await refusalOfCode(account, desk) : undefined;
  const { step, answer } = answerLinkRequest(account.machine(), account.isHeldByAnother);
  if (step === 'refuse') return answer;
  if (refusal !== undefined) return refusal;
  desk.ask(method);
  if (step === 'start') account.start();
  if (step === 'refresh') account.refresh(method);
  return answer;
}

/** The worker decides when it asks WhatsApp; whoever wants a code hears at once that there will be none. */
async function refusalOfCode({ number, limitsPath }: LinkableAccount, desk: LinkDesk): Promise<LinkAnswer | undefined> {
  const now = new Date();
  // One that is still valid is shown again.
  if (desk.codeAt(now)?.method === 'code') return undefined;
  const decision = await readPairingCodeDecision(limitsPath, now);
  if (decision.allowed) return undefined;
  const action = `Link by QR code meanwhile: npx wasup link ${number}`;
  return { accepted: false, sentence: describeRefusal(decision), action };
}
