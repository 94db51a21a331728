import { EventEmitter } from 'node:events';

/** Tells everyone who waits for a condition that something has changed. */
export class Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  announce(): void {
    this.#emitter.emit('change');
  }

  /** Whoever still waits is told that it will not happen. */
  close(): void {
    this.#emitter.emit('close');
    this.#emitter.removeAllListeners();
  }

  onChange(listener: () => void): void {
    this.#emitter.on('change', listener);
  }

  /**
   * Resolves with the first result of `look` that is not undefined; looks at once and after every change.
   * @param expectation completes the sentence "Waited 10000 ms for …".
   */
  async until<Result>(look: () => Result | undefined, timeoutMs: number, expectation: () => string): Promise<Result> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#emitter.off('change', check);
        this.#emitter.off('close', closed);
      };
      const closed = (): void => {
        finish();
        reject(new Error('The sandbox was closed.'));
      };
      const check = (): void => {
        try {
          const result = look();
          if (result === undefined) return;
          finish();
          resolve(result);
        } catch (error) {
          finish();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        finish();
        reject(new WaitTimeout(`Waited ${timeoutMs} ms for ${expectation()}`));
      }, timeoutMs);
      this.#emitter.on('change', check);
      this.#emitter.on('close', closed);
      check();
    });
  }
}

export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}
