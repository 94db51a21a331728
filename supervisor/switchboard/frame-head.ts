/**
 * What the beginning of a frame from the browser tells about it:
 * - `answer`, `event`: certain, whatever follows.
 * - `incomplete`: more bytes are needed.
 * - `unclear`: only parsing the whole frame can tell (its keys come in an order that Chromium doesn't use).
 */
export type FrameHead =
  | { readonly kind: 'answer'; readonly id: number }
  | { readonly kind: 'event'; readonly method: string }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'unclear' };

/** Longer than any id or method name with what stands before it. */
const headBytes = 128;

/**
 * Reads the head of a frame without parsing it: Chromium writes `id` or `method` first, and a frame can be many megabytes long.
 * @param bytes the frame from its first byte on.
 * @param whole there are no more bytes.
 */
export function readFrameHead(bytes: Buffer, whole: boolean): FrameHead {
  if (bytes.length < headBytes && !whole) return { kind: 'incomplete' };
  const head = bytes.toString('latin1', 0, headBytes);
  const id = /^\{"id":(\d{1,15})[,}]/.exec(head)?.[1];
  if (id !== undefined) return { kind: 'answer', id: Number(id) };
  const method = /^\{"method":"([A-Za-z.]+)"[,}]/.exec(head)?.[1];
  if (method !== undefined) return { kind: 'event', method };
  return { kind: 'unclear' };
}
