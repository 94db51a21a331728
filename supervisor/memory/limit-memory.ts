/**
 * How much of a worker's memory its JavaScript heap may have; the rest is for Buffers, native code and the stacks of
 * threads.
 */
const heapShare = 0.7;
/**
 * A worker with whatsapp-web.js and a plain bot has 60 to 150 MB. With a lower limit, no life would be long enough for
 * a measurement.
 */
const leastLimitMb = 512;

export interface LimitOptions {
  /** In MB; 0: none. */
  readonly limitMb: number;
  readonly platform: NodeJS.Platform;
  /** `NODE_OPTIONS` of the process: a heap limit that stands there already is the operator's. */
  readonly nodeOptions: string | undefined;
}

const bytesPerMb = 1024 * 1024;

/**
 * The limit, or what the control group of this process (of a container, of a systemd unit) has, where that is less.
 * Pure.
 *
 * @param limitMb 0: none.
 * @param groupBytes as `process.constrainedMemory()` says: 0 or more than any machine has where there is no such limit.
 */
export function limitWithinGroup(limitMb: number, groupBytes: number | undefined): number {
  if (limitMb <= 0 || groupBytes === undefined || groupBytes <= 0) return limitMb;
  return Math.min(limitMb, Math.floor(groupBytes / bytesPerMb));
}

/**
 * The command that runs Node with these arguments so that it can't have more memory than the limit, however fast it
 * asks for it. The kernel refuses the rest (RLIMIT_DATA counts what a process can write and shares with nobody, so also
 * Buffers, but not the address space that V8 merely reserves): a Buffer that is too large is a RangeError where it is
 * made, a full heap ends the process. Pure.
 */
export function limitedNode(
  node: string,
  words: readonly string[],
  { limitMb, platform, nodeOptions = '' }: LimitOptions,
): { readonly file: string; readonly words: readonly string[] } {
  if (limitMb <= 0) return { file: node, words };
  const ownMb = Math.max(leastLimitMb, limitMb);
  const heapMb = Math.floor(ownMb * heapShare);
  const limited = /--max[-_]old[-_]space[-_]size/.test(nodeOptions)
    ? words
    : [`--max-old-space-size=${heapMb}`, ...words];
  if (platform !== 'linux') return { file: node, words: limited };
  // In kB. Where a lower limit holds already, that one stays; the shell makes room for Node, under the same process id.
  return {
    file: '/bin/sh',
    words: ['-c', `ulimit -d ${ownMb * 1024} 2>/dev/null; exec "$0" "$@"`, node, ...limited],
  };
}
