import type { WireMessage } from './messages.js';

export interface GroupRecord {
  id: string;
  subject: string;
  owner: string;
  creation: number;
  desc?: string;
  participants: { id: string; isAdmin: boolean; isSuperAdmin: boolean }[];
  [property: string]: unknown;
}

export interface ContactRecord {
  id: string;
  name?: string;
  pushname?: string;
  /** The person's other address. */
  lid?: string;
  [property: string]: unknown;
}

export interface ReactionRecord {
  id: string;
  parent: string;
  from: string;
  author?: string;
  text: string;
  t: number;
}

export interface VoteRecord {
  id: string;
  parent: string;
  from: string;
  optionIds: number[];
  t: number;
}

export interface CallRecord {
  id: string;
  peerJid: string;
  isVideo: boolean;
  isGroup: boolean;
  outgoing: boolean;
  offerTime: number;
  canHandleLocally: boolean;
  webClientShouldHandle: boolean;
  participants: string[];
}

/** What happens to an account and is delivered to each of its linked devices, in order, once it is stored there. */
export type AccountEvent =
  | { kind: 'message'; message: WireMessage }
  | { kind: 'decrypted'; message: WireMessage }
  | { kind: 'ack'; messageId: string; ack: number }
  | { kind: 'edit'; messageId: string; body: string; t: number }
  | { kind: 'revoke'; messageId: string; protocolMessageKey: string }
  | { kind: 'reaction'; reaction: ReactionRecord }
  | { kind: 'vote'; vote: VoteRecord }
  | { kind: 'call'; call: CallRecord }
  | { kind: 'group'; group: GroupRecord }
  | { kind: 'contact'; contact: ContactRecord }
  /** A chat goes over from a person's number to the lid. */
  | { kind: 'migration'; from: string; to: string }
  | { kind: 'history'; chats: { id: string; t: number }[]; contacts: ContactRecord[]; messages: WireMessage[] };

export type DeliveredEvent = AccountEvent & { id: number };
