import { changeStatus, type DeviceStatus, deviceStatusFile } from './device-status.js';
import { KeptJsonFile, type KeptFileOptions } from './files/kept-json-file.js';

/**
 * `device-status.json` with a memory, for the processes that write it: a login is not forgotten because the file was
 * deleted, or because the disk was full. No method rejects because of a disk; trouble is told to `onTrouble`.
 */
export class StatusKeeper {
  readonly #file: KeptJsonFile<DeviceStatus>;
  readonly #now: () => Date;

  constructor(path: string, number: string, options: KeptFileOptions) {
    this.#file = new KeptJsonFile(path, deviceStatusFile(number), { ...options, hasReserve: true });
    this.#now = options.now ?? (() => new Date());
  }

  /** What the file says, or memory where it says nothing, with what couldn't be written yet. */
  read(): Promise<DeviceStatus> {
    return this.#file.read();
  }

  /** What this process last knew, without looking; undefined before the first look. */
  get latest(): DeviceStatus | undefined {
    return this.#file.latest;
  }

  /**
   * Changes some fields. Resolves when they are written, or known to be unwritable for now.
   *
   * @throws ZodError when the change makes no sense.
   */
  update(change: Partial<DeviceStatus>): Promise<void> {
    const now = this.#now();
    return this.#file.change((status) => changeStatus(status, change, now));
  }

  /**
   * Looks whether the file is there and says what is true, and mends it where it doesn't. Remembers what another
   * process has written, too.
   *
   * @param expected what must stand in it.
   */
  verify(expected: Partial<DeviceStatus> = {}): Promise<void> {
    return this.#file.verify((status) => {
      const wrong = Object.entries(expected).some(([name, value]) => status[name as keyof DeviceStatus] !== value);
      return wrong ? changeStatus(status, expected, this.#now()) : status;
    });
  }

  /** Remembers what another process has written, and leaves a file that is missing or damaged to that. */
  learn(): Promise<void> {
    return this.#file.learn();
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
