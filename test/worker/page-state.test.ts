import { expect, it } from 'vitest';

import { isListening, type PageState } from '../../worker/whatsapp/page-state.js';
import { incarnation, listening } from './page-states.js';

it('listens when it is connected, has synced, has the library in it and this life’s listeners, and knows who it is', () => {
  expect(isListening(listening, incarnation)).toBe(true);
  expect(isListening({ ...listening, identity: '1234567', identityIsLid: true }, incarnation)).toBe(true);
});

it.each<[string, Partial<PageState>]>([
  ['WhatsApp Web is still loading', { waVersion: null, socket: null }],
  ['the socket is opening', { socket: 'OPENING' }],
  ['the connection has timed out', { socket: 'TIMEOUT' }],
  ['the device is not linked', { socket: 'UNPAIRED', identity: null }],
  ['another page has taken over', { socket: 'CONFLICT' }],
  ['it has not synced', { hasSynced: false }],
  ['the library’s half is not there', { utilities: false }],
  ['nobody’s listeners are attached', { incarnation: null }],
  ['the listeners are those of an earlier life', { incarnation: incarnation - 1 }],
  ['it doesn’t know who it is', { identity: null }],
])('does not listen while %s', (_name, difference) => {
  expect(isListening({ ...listening, ...difference }, incarnation)).toBe(false);
});
