import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFrame } from '../../supervisor/switchboard/frame-content.js';
import { readFrameHead } from '../../supervisor/switchboard/frame-head.js';
import { splitFrames } from '../../supervisor/switchboard/split-frames.js';

/** Texts as frames hold them: anything but the zero byte. */
const frameText = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.replaceAll('\0', ''));

const chunked = fc.tuple(fc.array(frameText), frameText, fc.array(fc.nat())).map(([frames, unfinished, cuts]) => ({
  frames,
  unfinished,
  chunks: cutUp([...frames, unfinished].join('\0'), cuts),
}));

describe('the splitter', () => {
  it('gives the same frames however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(chunked, ({ frames, unfinished, chunks }) => {
        const result = reassemble(chunks);
        expect(result.frames).toEqual(frames);
        expect(result.unfinished).toBe(unfinished);
      }),
    );
  });

  it('marks the last piece of each frame, and no other', () => {
    const marks = ['a', 'b\0', 'c\0d\0e', '', 'f\0'].flatMap((chunk) =>
      splitFrames(Buffer.from(chunk)).map(({ bytes, last }) => [bytes.toString(), last]),
    );
    expect(marks).toEqual([
      ['a', false],
      ['b\0', true],
      ['c\0', true],
      ['d\0', true],
      ['e', false],
      ['f\0', true],
    ]);
  });

  it('copies nothing', () => {
    const chunk = Buffer.from('{"id":1}\0{"id":2}\0');
    for (const { bytes } of splitFrames(chunk)) expect(bytes.buffer).toBe(chunk.buffer);
  });
});

describe('the head of a frame', () => {
  it('is believed only where parsing the whole frame says the same', () => {
    const keys = fc.shuffledSubarray(['id', 'method', 'params', 'result', 'sessionId', 'error'], { minLength: 1 });
    const values: Record<string, fc.Arbitrary<unknown>> = {
      id: fc.nat(),
      method: fc.constantFrom('Target.attachedToTarget', 'Page.loadEventFired', '","id":7,"'),
      params: fc.dictionary(fc.string(), fc.jsonValue()),
      result: fc.jsonValue(),
      sessionId: fc.string(),
      error: fc.record({ message: fc.string() }),
    };
    const message = keys.chain((names) =>
      fc.tuple(...names.map((name) => values[name] ?? fc.constant(null))).map((contents) => {
        return Object.fromEntries(names.map((name, index) => [name, contents[index]]));
      }),
    );
    fc.assert(
      fc.property(message, (frame) => {
        const bytes = Buffer.from(JSON.stringify(frame));
        const head = readFrameHead(bytes, true);
        const content = parseFrame(bytes);
        expect(head.kind).not.toBe('incomplete');
        if (head.kind === 'answer') expect(head.id).toBe(content?.id);
        if (head.kind === 'event') expect(head.method).toBe(content?.method);
      }),
    );
  });

  it('is asked for more bytes until it is certain', () => {
    const frame = Buffer.from(`{"method":"Target.attachedToTarget","params":{"padding":"${'x'.repeat(500)}"}}`);
    expect(readFrameHead(frame.subarray(0, 20), false)).toEqual({ kind: 'incomplete' });
    expect(readFrameHead(frame.subarray(0, 200), false)).toEqual({ kind: 'event', method: 'Target.attachedToTarget' });
  });

  it.each(['', '\0', '{', 'null', '[1]', '"id"', '{"id":"1"}', '{"id":1.5}', ' {"id":1}'])(
    'says nothing of %j',
    (text) => {
      expect(readFrameHead(Buffer.from(text), true)).toEqual({ kind: 'unclear' });
    },
  );
});

describe('parsing a frame', () => {
  it.each(['', '\0', '{', 'null\0', '[{"id":1}]\0', '7'])('finds no message in %j', (text) => {
    expect(parseFrame(Buffer.from(text))).toBeUndefined();
  });

  it('leaves out what has a wrong type', () => {
    expect(parseFrame(Buffer.from('{"id":"1","method":7,"params":[],"sessionId":null}\0'))).toEqual({});
  });
});

function cutUp(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const borders = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
}

function reassemble(chunks: readonly Buffer[]): { frames: string[]; unfinished: string } {
  const frames: string[] = [];
  let parts: Buffer[] = [];
  for (const { bytes, last } of chunks.flatMap((chunk) => splitFrames(chunk))) {
    parts.push(bytes);
    if (!last) continue;
    const frame = Buffer.concat(parts);
    expect(frame.at(-1)).toBe(0);
    frames.push(frame.toString('utf8', 0, frame.length - 1));
    parts = [];
  }
  return { frames, unfinished: Buffer.concat(parts).toString() };
}
