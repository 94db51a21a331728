import type { PageRelay } from './page-relay.js';

/**
 * What in-page code sees of WhatsApp Web. Functions that use these types run inside Chromium: they must not touch
 * anything of this process.
 */
export interface WhatsAppWindow {
  readonly Debug?: { readonly VERSION?: string };
  readonly WWebJS?: Record<string, (...parameters: never[]) => unknown>;
  readonly onAppStateHasSyncedEvent?: () => Promise<void>;
  /** Set by the first worker that was in this document. */
  readonly wasup?: PageRelay;
  /** Set with it: gives a raw model as it is, or cut to what may be kept of one message. */
  wasupFit?: (model: unknown) => unknown;
  require(module: 'WAWebSocketModel'): {
    Socket: {
      readonly state: string;
      readonly hasSynced: boolean;
      logout(): unknown;
      reconnect(): void;
      takeover(): void;
    };
  };
  require(module: 'WAWebCmd'): { Cmd: { refreshQR(): void } };
  require(module: 'WAWebUserPrefsMeUser'): {
    getMaybeMePnUser(): { readonly user: string } | null | undefined;
    getMaybeMeLidUser(): { readonly user: string } | null | undefined;
  };
  require(module: 'WAWebConnModel'): { Conn: { serialize(): object } };
  require(module: 'WAWebMsgKey'): MessageKeyClass;
  require(module: 'WAWebCollections'): {
    Msg: {
      readonly length: number;
      getModelsArray(): { id: object }[];
      on(event: 'add', listener: (message: MessageModel) => void): void;
    };
    Chat: { readonly length: number; getModelsArray(): { lastReceivedKey?: object }[] };
  };
  require(module: 'WAWebOfflineHandler'): { OfflineMessageHandler: { getOfflineDeliveryProgress(): number } };
}

export interface MessageModel {
  readonly isNewMsg?: boolean;
  readonly type: string;
  readonly subtype?: string;
  once(event: 'change:type', listener: (message: MessageModel) => void): void;
}

export interface MessageKeyClass {
  new (parts: Record<string, unknown>): object;
  readonly prototype: object;
}
