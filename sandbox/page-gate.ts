import type { ServerResponse } from 'node:http';
import type { PageLoadConditions } from './conditions.js';

/**
 * A refused load is sent where nobody listens, and fails with ERR_CONNECTION_REFUSED. Closing its own connection would be
 * simpler, but Chromium repeats a request, now and then, whose connection it had opened ahead.
 */
const nobodysAddress = 'https://127.0.0.1:65535/';
const blankPage = '<!doctype html><title>Blank (sandbox)</title><link rel="icon" href="data:," />';

/** Decides what becomes of a page load: served, refused, left without an answer, answered with an empty page, or never finished. */
export class PageGate {
  #refuse = 0;
  #blank = 0;
  readonly #pages = new Stall();
  readonly #scripts = new Stall();

  set({ refuse, stall, stallScript, blank }: PageLoadConditions): void {
    if (refuse !== undefined) this.#refuse = count(refuse);
    if (blank !== undefined) this.#blank = count(blank);
    if (stall !== undefined) this.#pages.set(count(stall));
    if (stallScript !== undefined) this.#scripts.set(count(stallScript));
  }

  passScript(serve: () => void): void {
    if (!this.#scripts.holds(serve)) serve();
  }

  pass(response: ServerResponse, serve: () => void): void {
    if (this.#refuse > 0) {
      this.#refuse -= 1;
      response.writeHead(302, { location: nobodysAddress }).end();
    } else if (this.#pages.holds(serve)) {
      return;
    } else if (this.#blank > 0) {
      this.#blank -= 1;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(blankPage);
    } else {
      serve();
    }
  }
}

/** Requests that get no answer until there is nothing to stall any more. */
class Stall {
  #left = 0;
  readonly #waiting: (() => void)[] = [];

  set(howMany: number): void {
    this.#left = howMany;
    if (howMany === 0) this.#waiting.splice(0).forEach((serve) => serve());
  }

  /** Whether this one has to wait. */
  holds(serve: () => void): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#waiting.push(serve);
    return true;
  }
}

function count(value: boolean | number): number {
  return typeof value === 'number' ? value : value ? Infinity : 0;
}
