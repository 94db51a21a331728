/**
 * Characters with which a text can do more to a terminal than show letters: control characters (also those of 8 bits), and marks that turn
 * the direction of what follows. Tabs and line breaks are none of them.
 */
const controls = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069';

const control = new RegExp(`[${controls}]`, 'g');
/** The one kind of control sequence that does nothing but colours and weights. */
const controlOrColour = new RegExp(`\\u001b\\[[0-9;:]{0,40}m|[${controls}]`, 'g');
const inJson = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const reset = '\u001b[0m';

/** A text with its control characters written out (`\x1b`, `\u202e`); tabs and line breaks stay. Pure. */
export function escapeControls(text: string): string {
  return text.replace(control, writeOut);
}

/** The same, but colours stay. Pure. */
export function escapeAllButColours(text: string): string {
  return text.replace(controlOrColour, (found) => (found.length === 1 ? writeOut(found) : found));
}

/** A line of a program's: escaped, and what colours it has end with it. Pure. */
export function escapeLine(line: string): string {
  const escaped = escapeAllButColours(line);
  return escaped.includes('\u001b') && !escaped.endsWith(reset) ? `${escaped}${reset}` : escaped;
}

/** A line of JSON that means the same, with nothing in it that a terminal obeys. Pure. */
export function escapeInJson(json: string): string {
  return json.replace(inJson, (found) => `\\u${hex(found, 4)}`);
}

function writeOut(found: string): string {
  return found <= '\u00ff' ? `\\x${hex(found, 2)}` : `\\u${hex(found, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
