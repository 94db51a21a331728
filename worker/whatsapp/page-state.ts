import type { Page } from 'puppeteer';

import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/** One bounded look at the page; everything that decides whether the session listens. */
export interface PageState {
  readonly waVersion: string | null;
  /** `Socket.state`: CONNECTED, OPENING, UNPAIRED… null while WhatsApp Web is still loading. */
  readonly socket: string | null;
  readonly hasSynced: boolean;
  /** Whether the library's in-page half is there. */
  readonly utilities: boolean;
  /** The worker life whose listeners are attached, if any. */
  readonly incarnation: number | null;
  /** The linked number; null when the page isn't linked. */
  readonly identity: string | null;
  /** Whether `identity` is WhatsApp's internal id (LID), because the page doesn't say the number. */
  readonly identityIsLid: boolean;
  /** Changes whenever a sync moves on, and says nothing else; null while there is none, or WhatsApp Web doesn't tell. */
  readonly syncProgress: string | null;
  /** How many messages the page has had for the library since the listeners were attached; null when they aren't. */
  readonly messages: number | null;
}

export async function readPageState(page: Page): Promise<PageState> {
  return page.evaluate(() => {
    const state = {
      waVersion: window.Debug?.VERSION ?? null,
      socket: null as string | null,
      hasSynced: false,
      utilities: typeof window.WWebJS !== 'undefined',
      incarnation: window.wasup?.incarnation ?? null,
      identity: null as string | null,
      identityIsLid: false,
      syncProgress: null as string | null,
      messages: window.wasup?.messages ?? null,
    };
    if (state.waVersion === null) return state;
    const { Socket } = window.require('WAWebSocketModel');
    state.socket = Socket.state;
    state.hasSynced = Socket.hasSynced;
    const me = window.require('WAWebUserPrefsMeUser');
    const number = me.getMaybeMePnUser()?.user;
    state.identity = number ?? me.getMaybeMeLidUser()?.user ?? null;
    state.identityIsLid = number === undefined && state.identity !== null;
    if (state.hasSynced || (state.socket !== 'CONNECTED' && state.socket !== 'PAIRING')) return state;
    try {
      const { Msg, Chat } = window.require('WAWebCollections');
      const percent = window.require('WAWebOfflineHandler').OfflineMessageHandler.getOfflineDeliveryProgress();
      state.syncProgress = [percent, Chat.length, Msg.length].join(' ');
    } catch {
      // A witness of progress, nothing that a session needs.
    }
    return state;
  });
}

/** Verified ready: never the library's word alone, and never a wait for it alone. Pure. */
export function isListening(state: PageState, incarnation: number): boolean {
  return (
    state.socket === 'CONNECTED' &&
    state.hasSynced &&
    state.utilities &&
    state.incarnation === incarnation &&
    state.identity !== null
  );
}
