/**
 * A part of a frame, in the order of the stream. Its bytes are a view of the chunk that it came in: nothing is copied.
 * The zero byte that ends a frame is the last byte of its last piece.
 */
export interface FramePiece {
  readonly bytes: Buffer;
  /** The frame ends with this piece. */
  readonly last: boolean;
}

/** Cuts a stream of frames, each ended by a zero byte, at the frames' borders. JSON has no raw zero byte, so the borders are certain. */
export function splitFrames(chunk: Buffer): FramePiece[] {
  const pieces: FramePiece[] = [];
  let start = 0;
  while (start < chunk.length) {
    const border = chunk.indexOf(0, start);
    const end = border === -1 ? chunk.length : border + 1;
    pieces.push({ bytes: chunk.subarray(start, end), last: border !== -1 });
    start = end;
  }
  return pieces;
}
