/** What a client may cost the supervisor and the browser. */
export interface SwitchboardLimits {
  /** A client that has bytes waiting and reads none of them for this long is cut, in ms. Default: 10 000. */
  readonly maxStallMs: number;
  /**
   * Bytes that are kept for clients that don't read, at most, of all accounts together. Beyond them no browser is read whose client has
   * more than a little to read. Default: 64 MiB.
   */
  readonly maxQueuedBytes: number;
  /** A frame of a client that is longer passes as it comes; a shorter one is sent once it is whole. Default: 1 MiB. */
  readonly maxCollectedBytes: number;
  /** The longest frame that a client may send, in bytes; one byte more and it is cut. Default: 99 MiB. */
  readonly maxFrameBytes: number;
  /** For all of the cleaning up after a client, in ms; measured: about 1 ms. Default: 2 000. */
  readonly cleanUpTimeoutMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: SwitchboardLimits = {
  maxStallMs: 10_000,
  maxQueuedBytes: 64 * mebibyte,
  maxCollectedBytes: mebibyte,
  // A frame of 100 MiB or more makes Chromium 156 deaf for good: it shuts its pipe down, answers nobody any more, and doesn't
  // even leave when the other end closes. The client is the cheaper loss.
  maxFrameBytes: 99 * mebibyte,
  cleanUpTimeoutMs: 2_000,
};
