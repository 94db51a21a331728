import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { z } from 'zod';

const report = z.discriminatedUnion('type', [
  z.object({ type: z.literal('unknown-module'), name: z.string() }),
  z.object({ type: z.literal('freezing') }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

/** A page that has its event loop free does what it is told within milliseconds. */
const actionTimeoutMs = 10_000;

/** The pages themselves, reached behind the network's back. */
export class Stage {
  readonly #awaited = new Map<string, () => void>();
  readonly #pages = new Map<string, WebSocket>();
  readonly unknownModules = new Set<string>();
  /** Mistakes of the emulation itself. */
  readonly errors: string[] = [];

  enter(pageId: string, socket: WebSocket): void {
    this.#pages.set(pageId, socket);
    socket.on('message', (data: Buffer) => {
      const parsed = report.safeParse(JSON.parse(data.toString()));
      if (!parsed.success) return;
      this.#heard(pageId, parsed.data);
    });
    socket.on('close', () => {
      if (this.#pages.get(pageId) === socket) this.#pages.delete(pageId);
    });
    socket.on('error', () => undefined);
  }

  /** Does an action that the page announces before it does it. */
  async actAndHear(pageId: string | undefined, action: string, details: Record<string, unknown>): Promise<void> {
    const heard = new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new Error(`The page did not begin to ${action} within ${actionTimeoutMs} ms.`));
      const timer = setTimeout(late, actionTimeoutMs);
      this.#awaited.set(pageId ?? '', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.act(pageId, action, details);
    await heard;
  }

  /** Does an action that the page does not survive. */
  async actAndSeeGone(pageId: string | undefined, action: string): Promise<void> {
    const socket = this.#pages.get(pageId ?? '');
    const gone = socket && once(socket, 'close', { signal: AbortSignal.timeout(actionTimeoutMs) });
    this.act(pageId, action);
    await gone;
  }

  act(pageId: string | undefined, action: string, details: Record<string, unknown> = {}): void {
    const socket = pageId === undefined ? undefined : this.#pages.get(pageId);
    if (!socket) throw new Error(`There is no page to ${action}: the account has none open. Start its browser first.`);
    socket.send(JSON.stringify({ action, ...details }));
  }

  #heard(pageId: string, message: z.output<typeof report>): void {
    switch (message.type) {
      case 'unknown-module':
        this.unknownModules.add(message.name);
        break;
      case 'error':
        this.errors.push(message.message);
        break;
      case 'freezing':
        this.#awaited.get(pageId)?.();
        this.#awaited.delete(pageId);
    }
  }
}
