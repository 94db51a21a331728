import type { PageState } from '../../worker/whatsapp/page-state.js';

export const incarnation = 7;

/** A page in which everything is as it should be. */
export const listening: PageState = {
  waVersion: '2.3000.1042401057',
  socket: 'CONNECTED',
  hasSynced: true,
  utilities: true,
  incarnation,
  identity: '12025550100',
  identityIsLid: false,
  syncProgress: null,
  messages: 0,
};

export const syncing: PageState = {
  ...listening,
  hasSynced: false,
  utilities: false,
  incarnation: null,
  messages: null,
};
