/**
 * What in-page code sees of WhatsApp Web. Functions that use these types run inside Chromium: they must not touch
 * anything of this process.
 */
export interface WhatsAppWindow {
  readonly Debug?: { readonly VERSION?: string };
  readonly WWebJS?: Record<string, (...parameters: never[]) => unknown>;
  readonly onAppStateHasSyncedEvent?: () => Promise<void>;
  /** Set by the worker whose listeners are attached in this page. */
  wasup?: { incarnation: number };
  require(module: 'WAWebSocketModel'): {
    Socket: { readonly state: string; readonly hasSynced: boolean; logout(): unknown };
  };
  require(module: 'WAWebCmd'): { Cmd: { refreshQR(): void } };
  require(module: 'WAWebUserPrefsMeUser'): {
    getMaybeMePnUser(): { readonly user: string } | null | undefined;
    getMaybeMeLidUser(): { readonly user: string } | null | undefined;
  };
  require(module: 'WAWebMsgKey'): MessageKeyClass;
  require(module: 'WAWebCollections'): {
    Msg: { getModelsArray(): { id: object }[] };
    Chat: { getModelsArray(): { lastReceivedKey?: object }[] };
  };
}

export interface MessageKeyClass {
  new (parts: Record<string, unknown>): object;
  readonly prototype: object;
}
