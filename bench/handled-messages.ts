import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { ClockLook } from './clock-offset.js';

/** What `noting-bot.js` has told of a message. Times are milliseconds since 1970. */
export interface Handled {
  readonly body: string;
  /** When the page has told of it, by the page's clock; undefined before `!stamp`, and for what was missed. */
  readonly calledAt?: number;
  /** When its handler began; undefined for `!stamp`. */
  readonly handledAt?: number;
  /** For `!stamp`. */
  readonly looks?: readonly ClockLook[];
}

/** Hears which messages have come to their handlers. */
export class HandledMessages {
  readonly all: (Handled & { readonly heardAt: number })[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #path: string;
  #heard: () => void = () => undefined;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      // A process that is killed takes its end along.
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      createInterface({ input: socket }).on('line', (line) => {
        this.all.push({ ...(JSON.parse(line) as Handled), heardAt: performance.now() });
        this.#heard();
      });
    });
  }

  /** @param name tells several in one folder apart. */
  static async open(folder: string, name = 'handled'): Promise<HandledMessages> {
    const server = createServer();
    const path = join(folder, `${name}.sock`);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    return new HandledMessages(server, path);
  }

  /** For the process whose messages these are. */
  get environment(): { readonly BENCH_HANDLED_SOCKET: string } {
    return { BENCH_HANDLED_SOCKET: this.#path };
  }

  /**
   * Resolves with the first message of this text, handled already or not yet.
   *
   * @throws Error when it isn't handled within the time.
   */
  async one(body: string, timeoutMs: number): Promise<Handled> {
    await this.#until(() => this.all.some((handled) => handled.body === body), timeoutMs, `"${body}"`);
    const found = this.all.find((handled) => handled.body === body);
    if (found === undefined) throw new Error(`"${body}" was handled and is gone`);
    return found;
  }

  /** Resolves when so many different ones are handled. @throws Error when they aren't within the time. */
  async count(count: number, timeoutMs: number): Promise<void> {
    const different = (): number => new Set(this.all.map(({ body }) => body)).size;
    await this.#until(() => different() >= count, timeoutMs, `${count} messages`);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #until(isSo: () => boolean, timeoutMs: number, what: string): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isSo()) {
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0)
        throw new Error(`Waited ${timeoutMs} ms for ${what} to be handled; ${this.all.length} were`);
      await this.#news(remainingMs);
    }
  }

  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
