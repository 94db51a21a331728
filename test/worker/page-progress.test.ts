import { expect, it } from 'vitest';

import { milestoneOf, phaseAfter } from '../../worker/whatsapp/page-progress.js';
import type { PageState } from '../../worker/whatsapp/page-state.js';
import { incarnation, listening, syncing } from './page-states.js';

it.each<[string, Partial<PageState>, string, string]>([
  ['WhatsApp Web is still loading', { waVersion: null, socket: null }, 'page', 'starting'],
  ['the socket is not there yet', { socket: null }, 'debug', 'connecting'],
  ['the socket is opening', { socket: 'OPENING' }, 'debug', 'connecting'],
  ['the connection has timed out', { socket: 'TIMEOUT' }, 'debug', 'connecting'],
  ['the device is not linked', { socket: 'UNPAIRED', identity: null }, 'socket', 'authenticating'],
  ['it is connected as nobody', { identity: null }, 'socket', 'authenticating'],
  ['it syncs', syncing, 'authenticated', 'syncing'],
  ['the library’s half is not there', { utilities: false, incarnation: null }, 'synced', 'injecting'],
  ['nobody’s listeners are attached', { incarnation: null }, 'injected', 'verifying'],
  ['the listeners are those of an earlier life', { incarnation: incarnation - 1 }, 'injected', 'verifying'],
  ['it listens', {}, 'verified', 'catching-up'],
])('while %s', (_name, difference, milestone, phase) => {
  const reached = milestoneOf({ ...listening, ...difference }, incarnation);
  expect(reached).toBe(milestone);
  expect(phaseAfter[reached]).toBe(phase);
});
