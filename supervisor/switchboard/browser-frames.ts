import type { ClientLine } from './client-line.js';
import { type FrameContent, parseFrame } from './frame-content.js';
import { readFrameHead } from './frame-head.js';
import { type FramePiece, splitFrames } from './split-frames.js';

export interface BrowserFramesOptions {
  /** Whose command an id is. `nobody`: of a client that is gone. */
  readonly ownerOf: (id: number) => 'supervisor' | 'client' | 'nobody';
  /** The client that is live now. */
  readonly client: () => ClientLine | undefined;
  readonly onOwnAnswer: (content: FrameContent) => void;
  /** A root-level session has come or gone. The client hears of it as well. */
  readonly onSession: (sessionId: string, attached: boolean) => void;
}

/**
 * - `undecided`: the head of the frame isn't there yet.
 * - `forward`: to the client that was live when the frame began, piece by piece: a frame can be longer than what we want to hold.
 * - `collect`: the switchboard itself must read it.
 */
type Route = 'undecided' | 'forward' | 'collect' | 'drop';

const sessionEvents = new Map([
  ['Target.attachedToTarget', true],
  ['Target.detachedFromTarget', false],
]);

/** Sorts what the browser sends: answers to our own commands, what we must know, what is the client's, and what is nobody's any more. */
export class BrowserFrames {
  readonly #options: BrowserFramesOptions;
  #route: Route = 'undecided';
  #held: Buffer[] = [];
  #receiver: ClientLine | undefined;

  constructor(options: BrowserFramesOptions) {
    this.#options = options;
  }

  take(chunk: Buffer): void {
    for (const piece of splitFrames(chunk)) this.#takePiece(piece);
  }

  #takePiece({ bytes, last }: FramePiece): void {
    if (this.#route === 'forward') {
      this.#receiver?.write(bytes);
    } else if (this.#route !== 'drop') {
      this.#held.push(bytes);
      if (this.#route === 'undecided') this.#decide(last);
    }
    if (!last) return;
    if (this.#route === 'collect') this.#takeWhole(joined(this.#held));
    this.#route = 'undecided';
    this.#held = [];
  }

  #decide(whole: boolean): void {
    const bytes = joined(this.#held);
    const head = readFrameHead(bytes, whole);
    if (head.kind === 'incomplete') return;
    if (head.kind === 'unclear') this.#route = 'collect';
    else if (head.kind === 'answer') this.#route = this.#routeAnswer(head.id);
    else this.#route = sessionEvents.has(head.method) ? 'collect' : 'forward';
    if (this.#route === 'collect') return;
    this.#held = [];
    this.#receiver = this.#route === 'forward' ? this.#options.client() : undefined;
    this.#receiver?.write(bytes);
  }

  #routeAnswer(id: number): Route {
    const owner = this.#options.ownerOf(id);
    if (owner === 'supervisor') return 'collect';
    return owner === 'client' ? 'forward' : 'drop';
  }

  #takeWhole(bytes: Buffer): void {
    const content = parseFrame(bytes);
    if (content === undefined) return;
    const { id, method, params, sessionId } = content;
    if (id !== undefined) {
      const owner = this.#options.ownerOf(id);
      if (owner === 'supervisor') this.#options.onOwnAnswer(content);
      if (owner !== 'client') return;
    }
    const attached = method === undefined ? undefined : sessionEvents.get(method);
    const about = params?.['sessionId'];
    if (attached !== undefined && sessionId === undefined && typeof about === 'string') {
      this.#options.onSession(about, attached);
    }
    this.#options.client()?.write(bytes);
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  const [only, ...rest] = parts;
  return only !== undefined && rest.length === 0 ? only : Buffer.concat(parts);
}
