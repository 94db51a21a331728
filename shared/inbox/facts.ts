import type { AddressPair } from './addresses.js';
import type { InboxConnection } from './connection.js';
import { statements } from './statements.js';

/** Numbers that are kept beside the messages. */
export type InboxFact =
  /** Seconds since 1970: everything that WhatsApp had before has been journaled. */
  | 'mark'
  /** Seconds since 1970: what is older was there before the device was linked, or may have been forgotten. */
  | 'floor'
  /** The mark, while it is a beginning that WhatsApp's clock has not confirmed yet. */
  | 'provisional'
  /** Seconds since 1970: the oldest message that has come and could not be decrypted yet. */
  | 'undecrypted'
  /** 1 while something may have been missed that is not journaled yet. */
  | 'behind'
  /** Seconds since 1970: since then each message of the account's own that a worker has heard of is noted. */
  | 'own'
  /** Seconds since 1970: until then a worker has listened. */
  | 'heard'
  /** 1 while messages are handed to the bot. A life that ends in order takes it back; one that dies leaves it. */
  | 'serving'
  /** Place of the message at which, and at nothing else, the last deaths were; and how many. */
  | 'tried'
  | 'trials'
  /** What was done last about an error of the page by which answers failed: which error, 1 or 2 for a reload or another browser, and when. */
  | 'sendError'
  | 'sendStep'
  | 'sendStepAt'
  /** The number of the person whose lid this is. */
  | `${string}@lid`;

/** Sets a fact to whatever it is now; undefined forgets it. */
export function setFact(file: InboxConnection, name: string, value: number | undefined): void {
  if (value === undefined) file.run(statements.forgetFact, name);
  else file.run(statements.setFact, name, value);
}

/** Raises a fact; a lower value changes nothing. */
export function raiseFact(file: InboxConnection, name: InboxFact, value: number): void {
  file.run(statements.raiseFact, name, value);
}

/** A person's number as a fact has it. @returns undefined for one that it can't have. */
export function numberOf(address: string): number | undefined {
  const [, digits = ''] = /^([1-9]\d{0,15})@c\.us$/.exec(address) ?? [];
  const value = Number(digits);
  return value > 0 && Number.isSafeInteger(value) ? value : undefined;
}

/** The addresses of people that facts say. */
export function addressesOf(facts: readonly { readonly name: string; readonly value: unknown }[]): AddressPair[] {
  return facts
    .map(({ name, value }): AddressPair => [name, `${String(value)}@c.us`])
    .filter(([lid, number]) => lid.endsWith('@lid') && numberOf(number) !== undefined);
}
