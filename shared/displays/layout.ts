const labelWidth = 16;
const narrowest = 24;

/** A name and what is to be said of it. */
export type Row = readonly [label: string, text: string];

/** Rows below each other, their texts in a column and wrapped at the width. */
export function layoutRows(rows: readonly Row[], width: number): string[] {
  return rows.flatMap(([label, text]) => {
    const lines = wrap(text, Math.max(narrowest, width - labelWidth));
    return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(labelWidth)}${line}`.trimEnd());
  });
}

/** Breaks a text between words, and makes it {@link printable}. A word that is longer than a line keeps a line to itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).map(printable)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Strangers write messages, and errors quote them: nothing of that may steer the terminal or turn its text around. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
