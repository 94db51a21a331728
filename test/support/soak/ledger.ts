import { closeSync, openSync, readSync } from 'node:fs';

import type { SentMessage } from '../../../sandbox/index.js';
import { type Asked, isPing, type Note } from './judge-delivery.js';

const chunkBytes = 1 << 20;

/** What was sent, what the bot noted, and what was answered, read on from where it was read before. */
export class Ledger {
  readonly asked: Asked[] = [];
  readonly notes: Note[] = [];
  /** By id, the time at which the first answer was seen. */
  readonly answeredAtMs = new Map<string, number>();
  /** When each note was seen, in the order of {@link notes}. */
  readonly notedAtMs: number[] = [];
  readonly #recording: string;
  readonly #sent: () => readonly SentMessage[];
  readonly #handled = new Set<string>();
  /** Those that are neither handled nor, as pings, answered; in the order of sending. */
  readonly #open = new Map<string, Asked>();
  #bytesRead = 0;
  #sentRead = 0;
  #rest = '';

  constructor(recording: string, sent: () => readonly SentMessage[]) {
    this.#recording = recording;
    this.#sent = sent;
  }

  ask(message: Asked): void {
    this.asked.push(message);
    this.#open.set(message.id, message);
  }

  /** Those among the first so many that the bot hasn't had, or hasn't answered. */
  open(count: number): Asked[] {
    this.readOn();
    const last = this.asked[count - 1];
    const open: Asked[] = [];
    for (const message of this.#open.values()) {
      const isDone = this.#handled.has(message.body) && (!isPing(message.body) || this.answeredAtMs.has(message.id));
      if (isDone) this.#open.delete(message.id);
      else open.push(message);
      if (message === last) break;
    }
    return last === undefined ? [] : open.filter((message) => numberIn(message) <= numberIn(last));
  }

  readOn(): void {
    this.#readNotes();
    const sent = this.#sent();
    for (; this.#sentRead < sent.length; this.#sentRead += 1) {
      const id = sent[this.#sentRead]?.quotedMessageId;
      if (id !== undefined && !this.answeredAtMs.has(id)) this.answeredAtMs.set(id, performance.now());
    }
  }

  #readNotes(): void {
    let file: number;
    try {
      file = openSync(this.#recording, 'r');
    } catch {
      // The bot has noted nothing yet.
      return;
    }
    try {
      const chunk = Buffer.alloc(chunkBytes);
      for (let length; (length = readSync(file, chunk, 0, chunkBytes, this.#bytesRead)) > 0;) {
        this.#bytesRead += length;
        const lines = (this.#rest + chunk.toString('latin1', 0, length)).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) this.#take(JSON.parse(line) as Note);
      }
    } finally {
      closeSync(file);
    }
  }

  #take(note: Note): void {
    this.notes.push(note);
    this.notedAtMs.push(performance.now());
    this.#handled.add(note.body);
  }
}

function numberIn({ body }: Asked): number {
  return Number(body.slice(body.lastIndexOf(' ') + 1));
}
