import type { WebSocket } from 'ws';
import { z } from 'zod';
import { readFrames } from './frames.js';
import type { Changes } from './wait.js';

const report = z.discriminatedUnion('type', [
  z.object({ type: z.literal('unknown-module'), name: z.string() }),
  z.object({ type: z.literal('freezing') }),
  z.object({ type: z.literal('done'), id: z.number(), result: z.number().optional() }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

interface OpenPage {
  readonly socket: WebSocket;
  /** It has said that it begins to freeze. */
  freezing: boolean;
  /** What it was told to do and has not said to be done. */
  readonly undone: Set<number>;
  readonly results: Map<number, number>;
}

/** A page that has its event loop free does what it is told within milliseconds. */
const actionTimeoutMs = 60_000;

/** The pages themselves, reached behind the network's back. */
export class Pages {
  readonly #open = new Map<string, OpenPage>();
  readonly unknownModules = new Set<string>();
  /** Mistakes of the emulation itself. */
  readonly errors: string[] = [];
  #nextAction = 1;

  constructor(private readonly changes: Changes) {}

  enter(pageId: string, socket: WebSocket): void {
    const page = { socket, freezing: false, undone: new Set<number>(), results: new Map<number, number>() };
    this.#open.set(pageId, page);
    readFrames(socket, report, {
      take: (frame) => this.#heard(page, frame),
      complain: (words) => this.errors.push(words),
    });
    socket.on('close', () => {
      if (this.#open.get(pageId) !== page) return;
      this.#open.delete(pageId);
      this.changes.announce();
    });
    socket.on('error', () => undefined);
  }

  /** Hangs the page's event loop, for ever or for so long; resolves when it has begun to. */
  async freeze(pageId: string | undefined, forMs?: number): Promise<void> {
    const page = this.#find(pageId, 'freeze');
    page.freezing = false;
    tell(page, 'freeze', { forMs });
    await this.changes.until(
      () => page.freezing || undefined,
      actionTimeoutMs,
      () => 'the page to begin to freeze.',
    );
  }

  /** Ends the page's renderer process; resolves when the page is gone. */
  async crash(pageId: string | undefined): Promise<void> {
    const page = this.#find(pageId, 'crash');
    tell(page, 'crash');
    await this.changes.until(
      () => (pageId !== undefined && this.#open.get(pageId) === page ? undefined : true),
      actionTimeoutMs,
      () => 'the page to be gone after it was told to crash.',
    );
  }

  /** Resolves when the page has done it, with the number that it was asked for, if it was. */
  async perform(
    pageId: string | undefined,
    action: string,
    details: Record<string, unknown> = {},
  ): Promise<number | undefined> {
    const page = this.#find(pageId, action);
    const id = this.#nextAction++;
    page.undone.add(id);
    tell(page, action, { id, ...details });
    await this.changes.until(
      () => (page.undone.has(id) ? undefined : true),
      actionTimeoutMs,
      () => `the page to ${action}.`,
    );
    const result = page.results.get(id);
    page.results.delete(id);
    return result;
  }

  /** Tells the page, and waits for nothing. */
  act(pageId: string | undefined, action: string, details?: Record<string, unknown>): void {
    tell(this.#find(pageId, action), action, details);
  }

  #find(pageId: string | undefined, action: string): OpenPage {
    const page = pageId === undefined ? undefined : this.#open.get(pageId);
    if (!page) throw new Error(`There is no page to ${action}: the account has none open. Start its browser first.`);
    return page;
  }

  #heard(page: OpenPage, frame: z.output<typeof report>): void {
    switch (frame.type) {
      case 'unknown-module':
        this.unknownModules.add(frame.name);
        break;
      case 'error':
        this.errors.push(frame.message);
        break;
      case 'done':
        if (frame.result !== undefined) page.results.set(frame.id, frame.result);
        page.undone.delete(frame.id);
        this.changes.announce();
        break;
      case 'freezing':
        page.freezing = true;
        this.changes.announce();
    }
  }
}

function tell({ socket }: OpenPage, action: string, details: Record<string, unknown> = {}): void {
  socket.send(JSON.stringify({ action, ...details }));
}
