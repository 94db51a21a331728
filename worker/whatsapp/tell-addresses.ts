import type { AddressPair } from '../../shared/inbox/addresses.js';
import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/** Under this name the library's raw models carry the addresses of the people in their keys, until they are taken off in this process. */
export const addressesAttribute = 'wasupAddresses';

/**
 * Runs in the page, once in a document, after the library's half: has its models say both addresses of the people that their keys name. The
 * page knows them, and tells of one message under either.
 */
export function installAddresses(attribute: string): void {
  interface Wid {
    readonly _serialized?: string;
  }
  interface Key {
    readonly remote?: Wid | string;
    readonly participant?: Wid | string;
  }
  type Model = Record<string, unknown>;
  const library = window.WWebJS as Record<string, unknown> | undefined;
  const getModel = library?.['getMessageModel'] as ((message: { id?: Key }) => Model) | undefined;
  if (library === undefined || getModel === undefined || library['wasupAddressesOf'] !== undefined) return;
  const load = (module: string): unknown => (window.require as unknown as (module: string) => unknown)(module);

  const pairOf = (address: string): AddressPair | undefined => {
    try {
      const wid = (load('WAWebWidFactory') as { createWid(text: string): Wid }).createWid(address);
      const people = load('WAWebApiContact') as Record<
        'getCurrentLid' | 'getPhoneNumber',
        (wid: Wid) => Wid | undefined
      >;
      const isLid = address.endsWith('@lid');
      const other = (isLid ? people.getPhoneNumber(wid) : people.getCurrentLid(wid))?._serialized;
      if (typeof other !== 'string' || other === address) return undefined;
      return isLid ? [address, other] : [other, address];
    } catch {
      // A build that doesn't say: each address stands for itself.
      return undefined;
    }
  };
  const addressesOf = (keys: readonly Key[]): AddressPair[] => {
    const texts = keys
      .flatMap(({ remote, participant }) => [remote, participant])
      .map((wid) => (typeof wid === 'string' ? wid : wid?._serialized)?.replace(/:\d+@/, '@'))
      .filter((text) => text !== undefined)
      .filter((text) => /@(lid|c\.us)$/.test(text));
    return [...new Set(texts)].map((text) => pairOf(text)).filter((pair) => pair !== undefined);
  };
  library['wasupAddressesOf'] = addressesOf;
  library['getMessageModel'] = (message: { id?: Key }): Model => {
    const model = getModel(message);
    const pairs = message.id === undefined ? [] : addressesOf([message.id]);
    if (pairs.length > 0) model[attribute] = pairs;
    return model;
  };
}

/** Takes the addresses off a raw model, which goes on as the library has made it. */
export function takeAddresses(model: object): AddressPair[] {
  const pairs: unknown = Reflect.get(model, addressesAttribute);
  Reflect.deleteProperty(model, addressesAttribute);
  return Array.isArray(pairs) ? (pairs as AddressPair[]) : [];
}
