import type { WebSocket } from 'ws';
import { z } from 'zod';

const report = z.discriminatedUnion('type', [
  z.object({ type: z.literal('unknown-module'), name: z.string() }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

/** The pages themselves, reached behind the network's back. */
export class Stage {
  readonly #pages = new Map<string, WebSocket>();
  readonly unknownModules = new Set<string>();
  /** Mistakes of the emulation itself. */
  readonly errors: string[] = [];

  enter(pageId: string, socket: WebSocket): void {
    this.#pages.set(pageId, socket);
    socket.on('message', (data: Buffer) => {
      const parsed = report.safeParse(JSON.parse(data.toString()));
      if (!parsed.success) return;
      if (parsed.data.type === 'unknown-module') this.unknownModules.add(parsed.data.name);
      else this.errors.push(parsed.data.message);
    });
    socket.on('close', () => {
      if (this.#pages.get(pageId) === socket) this.#pages.delete(pageId);
    });
    socket.on('error', () => undefined);
  }

  act(pageId: string | undefined, action: string, details: Record<string, unknown> = {}): void {
    const socket = pageId === undefined ? undefined : this.#pages.get(pageId);
    if (!socket) throw new Error(`There is no page to ${action}: the account has none open. Start its browser first.`);
    socket.send(JSON.stringify({ action, ...details }));
  }
}
