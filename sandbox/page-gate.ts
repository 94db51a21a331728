import type { ServerResponse } from 'node:http';
import type { PageLoadConditions } from './conditions.js';

/**
 * A refused load is sent where nobody listens, and fails with ERR_CONNECTION_REFUSED. Closing its own connection would be
 * simpler, but Chromium repeats a request, now and then, whose connection it had opened ahead.
 */
const nobodysAddress = 'https://127.0.0.1:65535/';
const blankPage = '<!doctype html><title>Blank (sandbox)</title><link rel="icon" href="data:," />';

/** Decides what becomes of a page load: served, refused, left without an answer, or answered with an empty page. */
export class PageGate {
  #refuse = 0;
  #stall = 0;
  #blank = 0;
  #waiting: (() => void)[] = [];

  set({ refuse, stall, blank }: PageLoadConditions): void {
    if (refuse !== undefined) this.#refuse = count(refuse);
    if (blank !== undefined) this.#blank = count(blank);
    if (stall === undefined) return;
    this.#stall = count(stall);
    if (this.#stall === 0) this.#waiting.splice(0).forEach((serve) => serve());
  }

  pass(response: ServerResponse, serve: () => void): void {
    if (this.#refuse > 0) {
      this.#refuse -= 1;
      response.writeHead(302, { location: nobodysAddress }).end();
    } else if (this.#stall > 0) {
      this.#stall -= 1;
      this.#waiting.push(serve);
    } else if (this.#blank > 0) {
      this.#blank -= 1;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(blankPage);
    } else {
      serve();
    }
  }
}

function count(value: boolean | number): number {
  return typeof value === 'number' ? value : value ? Infinity : 0;
}
