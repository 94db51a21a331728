import type { LinkAnswer, LinkMethod } from '../shared/link-answer.js';
import type { WorkerMessage } from '../shared/protocol/messages.js';
import type { Machine } from './machine-types.js';

/** What a person needs to link the device, for whoever shows it. */
export interface LinkCode {
  readonly method: LinkMethod;
  /** The text of the QR code, or the eight characters. */
  readonly code: string;
  /** Counted from 1 in each worker life; 1 for a pairing code. */
  readonly sequence: number;
  readonly expiresAt: Date;
}

/** How a request is to be met. */
export type LinkStep = 'start' | 'refresh' | 'wait' | 'refuse';

/** The way a device is linked: which method a person has asked for, and the code that is shown. */
export class LinkDesk {
  #method: LinkMethod;
  #code: LinkCode | undefined;

  /** @param configured whoever starts wasup with `code` has asked for one. */
  constructor(configured: LinkMethod) {
    this.#method = configured;
  }

  get method(): LinkMethod {
    return this.#method;
  }

  /** The code that can be used now, if any. */
  codeAt(now: Date): LinkCode | undefined {
    return this.#code !== undefined && this.#code.expiresAt > now ? this.#code : undefined;
  }

  ask(method: LinkMethod): void {
    this.#method = method;
  }

  /** A pairing code is given on a person's request, once. What comes later by itself shows a QR. */
  settle(): void {
    this.#method = 'qr';
    this.#code = undefined;
  }

  hear(message: WorkerMessage, now: Date): void {
    if (message.type === 'qr-expired') this.#code = undefined;
    if (message.type !== 'qr' && message.type !== 'pairing-code') return;
    this.#code = {
      method: message.type === 'qr' ? 'qr' : 'code',
      code: message.type === 'qr' ? message.qr : message.code,
      sequence: message.type === 'qr' ? message.sequence : 1,
      expiresAt: new Date(now.getTime() + message.expiresInMs),
    };
  }
}

/** What an account in this state makes of the request. Pure. */
export function answerLinkRequest(
  { state, mode, failure }: Machine,
  isHeldByAnother = false,
): { step: LinkStep; answer: LinkAnswer } {
  const accept = (step: LinkStep, sentence: string): { step: LinkStep; answer: LinkAnswer } => {
    return { step, answer: { accepted: true, sentence, action: null } };
  };
  const refuse = (sentence: string, action: string): { step: LinkStep; answer: LinkAnswer } => {
    return { step: 'refuse', answer: { accepted: false, sentence, action } };
  };
  if (isHeldByAnother) return refuse('Another supervisor runs this account.', 'Ask that one.');
  switch (state) {
    case 'needs-link':
      return accept('start', 'A code is being asked for; it appears where the supervisor runs.');
    case 'linking':
      return accept('refresh', 'A code is being asked for; it appears where the supervisor runs.');
    case 'stopped':
    case 'stopping':
      return refuse('The account is stopped.', 'Start wasup first.');
    case 'listening':
    case 'degraded':
    case 'restoring':
      return refuse(
        'The device is linked already; a request for a linked number can unlink the live device.',
        'To link it anew, first remove it on the phone (WhatsApp > Linked devices).',
      );
    case 'starting':
    case 'backoff':
      if (mode === 'link') return accept('wait', 'A code comes as soon as browser and worker are up.');
      return refuse(
        'There is a stored login, and it is being brought back.',
        'Wait for it; when WhatsApp refuses it, a code comes by itself.',
      );
    case 'failed':
      if (mode === 'link') return accept('start', 'A code is being asked for; it appears where the supervisor runs.');
      return refuse(
        `There is a stored login, and WhatsApp has not refused it${failure === null ? '' : ` (${failure.reason})`}.`,
        failure?.userAction ?? 'Restart wasup.',
      );
  }
}
