import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadWithCode, readCode } from './compiled-code.js';
import { deferModules } from './defer-modules.js';
import { inSlices } from './media-in-slices.js';

export type { Browser, Page } from 'puppeteer';
import type { Client, ClientOptions, Message } from 'whatsapp-web.js';

export type { Client, Message } from 'whatsapp-web.js';

/**
 * Members of whatsapp-web.js 1.34.7 that its type declarations don't mention and that wasup builds on. The contract
 * test (test/worker/library-contract.test.ts) fails when a new version of the library moves one of them.
 */
export interface ClientInternals {
  inject(): Promise<void>;
  attachEventListeners(): Promise<void>;
  lastLoggedOut: boolean;
  interface: object;
}

/** What the library asks of an object that keeps a login. */
export interface AuthStrategy {
  setup(client: unknown): void;
  beforeBrowserInitialized(): Promise<void>;
  afterBrowserInitialized(): Promise<void>;
  onAuthenticationNeeded(): Promise<{ failed: boolean; restart: boolean; failureEventPayload: string | undefined }>;
  getAuthEventPayload(): Promise<undefined>;
  afterAuthReady(): Promise<void>;
  disconnect(): Promise<void>;
  destroy(): Promise<void>;
  logout(): Promise<void>;
}

// Both libraries are loaded through `require`: whatsapp-web.js loads puppeteer that way, and importing its ESM build
// beside it would load a quarter of a second of code twice.
const require = createRequire(import.meta.url);

/**
 * Half of the library's modules are for keeping a login elsewhere, which wasup never does, and for stickers that move.
 */
const rarelyUsed = ['archiver', 'unzipper', 'fs-extra', 'fluent-ffmpeg'];

/** The build leaves it here (`scripts/compile-libraries.js`); sources are run without. */
const codePath = fileURLToPath(new URL('libraries.code', import.meta.url));

const load = () => ({
  puppeteer: require('puppeteer') as typeof import('puppeteer').default,
  whatsapp: deferModules(
    rarelyUsed,
    () => require('whatsapp-web.js') as typeof import('whatsapp-web.js') & { readonly version: string },
  ),
});

const { puppeteer, whatsapp } = existsSync(codePath) ? loadWithCode(readCode(codePath), load) : load();

export { puppeteer };

const { prototype } = (whatsapp as unknown as { Message: { prototype: Message } }).Message;
prototype.downloadMedia = inSlices(prototype.downloadMedia);

/** The version of whatsapp-web.js. */
export const libraryVersion = whatsapp.version;

/** The library's client, with the members above. It takes any strategy that has the methods. */
export const LibraryClient = whatsapp.Client as unknown as new (
  options: Omit<ClientOptions, 'authStrategy'> & { authStrategy: AuthStrategy },
) => Client & ClientInternals;

/** A message, from the raw model that the page gives of it. */
export function makeMessage(client: object, raw: object): Message {
  return new (whatsapp as unknown as { Message: new (client: object, raw: object) => Message }).Message(client, raw);
}

/** `client.info`, from what the page says of itself. */
export const ClientInfo = (whatsapp as unknown as { ClientInfo: new (client: object, data: object) => Client['info'] })
  .ClientInfo;

/** `client.interface`. */
export const InterfaceController = require('whatsapp-web.js/src/util/InterfaceController') as new (
  client: object,
) => object;
