/** Makes lines of the pieces in which a program's output arrives. */
export class LineSplitter {
  readonly #longest: number;
  #rest = '';

  /** @param longest characters of a line; a longer one becomes several. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Whether a line has begun that has no end yet. */
  get hasRest(): boolean {
    return this.#rest !== '';
  }

  /** The lines that are whole now, without their ends. */
  push(text: string): string[] {
    const parts = (this.#rest + text).split('\n');
    const last = parts.pop() ?? '';
    const lines = parts.flatMap((part) => this.#cut(part.endsWith('\r') ? part.slice(0, -1) : part));
    const pieces = this.#cut(last);
    this.#rest = pieces.pop() ?? '';
    return [...lines, ...pieces];
  }

  /** The line that has no end yet, if there is one. */
  rest(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }

  #cut(line: string): string[] {
    if (line.length <= this.#longest) return [line];
    const pieces: string[] = [];
    for (let at = 0; at < line.length; at += this.#longest) pieces.push(line.slice(at, at + this.#longest));
    return pieces;
  }
}
