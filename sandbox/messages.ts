import { randomBytes } from 'node:crypto';

/** A message as it crosses the socket and rests in the profile: the attributes of WhatsApp's model, ids as text. */
export interface WireMessage {
  id: string;
  chat: string;
  from: string;
  to: string;
  author?: string;
  type: string;
  body: string;
  /** Seconds. */
  t: number;
  /** Orders messages of the same second. */
  sequence: number;
  ack: number;
  [attribute: string]: unknown;
}

export interface MessageKey {
  fromMe: boolean;
  remote: string;
  id: string;
  participant?: string;
}

export function newMessageId(): string {
  return `3EB0${randomBytes(10).toString('hex').toUpperCase()}`;
}

export function formatKey({ fromMe, remote, id, participant }: MessageKey): string {
  return [String(fromMe), remote, id, ...(participant === undefined ? [] : [participant])].join('_');
}

export function parseKey(text: string): MessageKey {
  const [fromMe, remote, id, participant] = text.split('_');
  if ((fromMe !== 'true' && fromMe !== 'false') || !remote || !id) {
    throw new Error(`"${text}" is not a message id; one looks like false_15551234567@c.us_3EB0C431D6E7.`);
  }
  return { fromMe: fromMe === 'true', remote, id, ...(participant !== undefined && { participant }) };
}

/** 15551234567 or 15551234567@c.us, either is fine to name a person. */
export function userId(numberOrId: string): string {
  return numberOrId.includes('@') ? numberOrId : `${numberOrId}@c.us`;
}

let lastMoment = 0;

/** Now, but never the same twice, so that every message has its place in the order. */
export function nextMoment(now = Date.now()): { t: number; sequence: number } {
  lastMoment = Math.max(now, lastMoment + 1);
  return { t: Math.floor(lastMoment / 1000), sequence: lastMoment % 1000 };
}
