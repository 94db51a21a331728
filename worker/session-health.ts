import { type Impairment, type ImpairmentKind, impairmentKinds } from '../shared/protocol/messages.js';

/** With these an answer can't be sent, or a message isn't heard: the bot is given nothing until they are over. */
const pausing: ReadonlySet<ImpairmentKind> = new Set(['connection', 'storage']);

export interface SessionHealthOptions {
  /** Called with the gravest impairment whenever that has changed; null: there is none. */
  readonly onChange: (impairment: Impairment | null, connection: string) => void;
  /** Called when messages are to be kept from the bot, and when they may be given to it again. */
  readonly onPause: (isPaused: boolean) => void;
}

/** Everything that impairs a session which listens, each kind once. Status, machine and intake follow from it. */
export class SessionHealth {
  readonly #options: SessionHealthOptions;
  readonly #impairments = new Map<ImpairmentKind, Impairment>();
  #connection = 'CONNECTED';
  #told = '';

  constructor(options: SessionHealthOptions) {
    this.#options = options;
    this.#told = this.#key();
  }

  /** The gravest; null while nothing impairs the session. */
  get impairment(): Impairment | null {
    const kind = impairmentKinds.find((name) => this.#impairments.has(name));
    return (kind === undefined ? undefined : this.#impairments.get(kind)) ?? null;
  }

  /** Whether the bot is given nothing now. */
  get isPaused(): boolean {
    return [...this.#impairments.keys()].some((kind) => pausing.has(kind));
  }

  has(kind: ImpairmentKind): boolean {
    return this.#impairments.has(kind);
  }

  /** Something impairs the session, or does so for another reason than before. */
  note(kind: ImpairmentKind, reason: string, userAction: string | null = null): void {
    this.#change(() => this.#impairments.set(kind, { kind, reason, userAction }));
  }

  /** What impaired the session is over. */
  clear(kind: ImpairmentKind): void {
    this.#change(() => this.#impairments.delete(kind));
  }

  /** The state of WhatsApp's socket, while the page listens. */
  noteConnection(state: string): void {
    this.#change(() => {
      this.#connection = state;
      if (state === 'CONNECTED') this.#impairments.delete('connection');
      else {
        const reason = `The connection to WhatsApp is away (${state})`;
        this.#impairments.set('connection', { kind: 'connection', reason, userAction: null });
      }
    });
  }

  #change(change: () => void): void {
    const wasPaused = this.isPaused;
    change();
    const { isPaused } = this;
    const key = this.#key();
    if (key !== this.#told) {
      this.#told = key;
      this.#options.onChange(this.impairment, this.#connection);
    }
    if (isPaused !== wasPaused) this.#options.onPause(isPaused);
  }

  #key(): string {
    return JSON.stringify([this.impairment, this.#connection]);
  }
}
