import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import whatsapp from 'whatsapp-web.js';
import type { Client, ClientOptions } from 'whatsapp-web.js';
import type { Sandbox } from '../../sandbox/index.js';
import { chromiumPath } from '../support/real-browser.js';
import { until } from '../support/until.js';

const waitMs = 20_000;

export interface SeenEvent {
  name: string;
  args: unknown[];
}

/** The library as npm has it, in a real browser, with a memory of its events. */
export interface PlainLibrary {
  client: Client;
  events: SeenEvent[];
  /** Rejects when `initialize()` does; some faults leave it pending for ever. */
  initialized: Promise<void>;
  /** The next event of this name that comes after the ones that were taken before. */
  next(name: string): Promise<unknown[]>;
  count(name: string): number;
  stop(): Promise<void>;
}

export async function createProfile(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-profile-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * The state of the page's socket, asked for anew each time: puppeteer's own waiting can miss a navigation, and by default
 * looks once a frame, which a page that nobody sees may not draw.
 */
export async function waitForSocketState(client: Client, state: string, otherPage?: Page): Promise<void> {
  let latest: unknown;
  // The client has no page before its browser has started.
  const page = (): Page | undefined => otherPage ?? client.pupPage;
  await until(
    async () => {
      latest = await page()
        ?.evaluate(`window.require?.('WAWebSocketModel').Socket.state`)
        .catch((error: unknown) => String(error));
      return latest === state || undefined;
    },
    { expectation: () => `the socket to be ${state}; it is ${String(latest)} at ${page()?.url()}` },
  );
}

export function startPlainLibrary(
  sandbox: Sandbox,
  profile: string,
  options: Partial<ClientOptions> = {},
): PlainLibrary {
  const client = new whatsapp.Client({
    // The default strategy deletes nothing, and the profile stays where the test wants it.
    webVersionCache: { type: 'none' },
    ...options,
    puppeteer: {
      headless: true,
      executablePath: chromiumPath(),
      userDataDir: profile,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: [
        ...sandbox.browserArguments,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  });
  return follow(client);
}

function follow(client: Client): PlainLibrary {
  const events: SeenEvent[] = [];
  const taken = new Map<string, number>();
  const waiting = new Set<() => void>();
  catchLateInjections(client as unknown as Injecting);
  const emit = client.emit.bind(client);
  client.emit = (name: string, ...args: unknown[]) => {
    events.push({ name, args });
    for (const check of [...waiting]) check();
    return emit(name, ...args);
  };

  const next = (name: string): Promise<unknown[]> => {
    const index = taken.get(name) ?? 0;
    taken.set(name, index + 1);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const event = events.filter((candidate) => candidate.name === name)[index];
        if (!event) return;
        finish();
        resolve(event.args);
      };
      const finish = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
      };
      const timer = setTimeout(() => {
        finish();
        reject(
          new Error(`No "${name}" came within ${waitMs} ms; seen: ${events.map((event) => event.name).join(', ')}.`),
        );
      }, waitMs);
      waiting.add(check);
      check();
    });
  };

  const initialized = client.initialize();
  initialized.catch(() => undefined);
  return {
    client,
    events,
    initialized,
    next,
    count: (name) => events.filter((event) => event.name === name).length,
    stop: () => client.destroy(),
  };
}
type Page = NonNullable<Client['pupPage']>;

interface Injecting {
  inject: () => Promise<void>;
}

/** The library injects again after every navigation and leaves that uncaught; closing the browser then ends the process. */
function catchLateInjections(client: Injecting): void {
  const inject = client.inject.bind(client);
  let first = true;
  client.inject = async () => {
    const injection = inject();
    if (first) {
      first = false;
      await injection;
    } else {
      await injection.catch(() => undefined);
    }
  };
}
