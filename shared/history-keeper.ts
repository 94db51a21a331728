import { KeptJsonFile, type KeptFileOptions } from './files/kept-json-file.js';
import {
  addToHistory,
  historyEntry,
  type SessionHistoryEntry,
  type SessionHistoryEntryInput,
  sessionHistoryFile,
} from './session-history.js';

/** `session-history.json` with a memory: what can't be written now comes later, in its order and with its time. */
export class HistoryKeeper {
  readonly #file: KeptJsonFile<readonly SessionHistoryEntry[]>;
  readonly #now: () => Date;

  constructor(path: string, options: KeptFileOptions) {
    this.#file = new KeptJsonFile(path, sessionHistoryFile, options);
    this.#now = options.now ?? (() => new Date());
  }

  /** Oldest first. */
  read(): Promise<readonly SessionHistoryEntry[]> {
    return this.#file.read();
  }

  /**
   * Adds an entry with the time of this call. Resolves when it is written, or known to be unwritable for now.
   *
   * @throws ZodError when the entry makes no sense.
   */
  async note(entry: SessionHistoryEntryInput): Promise<void> {
    const added = historyEntry(entry, this.#now());
    await this.#file.change((entries) => addToHistory(entries, added));
  }

  /** Writes the file anew when it is missing or damaged. */
  verify(): Promise<void> {
    return this.#file.verify();
  }

  /** Resolves when everything is written that can be. */
  settled(): Promise<void> {
    return this.#file.settled();
  }

  /** Tries no more by itself to write what couldn't be written. */
  close(): void {
    this.#file.close();
  }
}
