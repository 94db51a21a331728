import { createRequire } from 'node:module';

// Its declarations describe an ES module, its code is CommonJS.
const decode = createRequire(import.meta.url)('jsqr') as typeof import('jsqr').default;

const pixelsPerModule = 4;

/** Reads a QR code that was drawn with half blocks, as a camera would: as a picture. Undefined when it can't be read. */
export function readTerminalQr(lines: readonly string[]): string | undefined {
  const drawn = lines.filter((line) => /^[ ▀▄█]+$/u.test(line));
  if (drawn.length === 0) return undefined;
  const width = Math.max(...drawn.map((line) => line.length));
  const modules = drawn.flatMap((line) => {
    const cells = Array.from(line.padEnd(width));
    return [cells.map((cell) => '▀█'.includes(cell)), cells.map((cell) => '▄█'.includes(cell))];
  });
  const size = { width: width * pixelsPerModule, height: modules.length * pixelsPerModule };
  const picture = new Uint8ClampedArray(size.width * size.height * 4);
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1) {
      const lit = modules[Math.floor(y / pixelsPerModule)]?.[Math.floor(x / pixelsPerModule)] === true;
      picture.set(lit ? [255, 255, 255, 255] : [0, 0, 0, 255], (y * size.width + x) * 4);
    }
  }
  return decode(picture, size.width, size.height)?.data;
}
