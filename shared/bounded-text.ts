/**
 * The longest text that wasup keeps or passes on of an error or a message, in bytes of UTF-8. Every border has this bound: IPC,
 * history, status file, alerts, dead letters, API. Sentences of wasup's own have some hundred bytes.
 */
export const maxTextBytes = 4_096;

/** A stack has its message and some dozen calls; it is written to the log alone. */
const maxStackBytes = 16_384;

/** A character of UTF-16 has at most so many bytes in UTF-8. */
const bytesPerUnit = 3;

const encoder = new TextEncoder();

/**
 * Cuts a text to `maxBytes` bytes, between two characters, and says at its end how much is missing. What fits is given back as it is.
 * The result shares no memory with the text.
 */
export function boundText(text: string, maxBytes = maxTextBytes): string {
  if (text.length * bytesPerUnit <= maxBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const room = Buffer.alloc(Math.max(0, maxBytes - Buffer.byteLength(markOf(bytes))));
  const { written } = encoder.encodeInto(text, room);
  return `${room.toString('utf8', 0, written)}${markOf(bytes - written)}`;
}

function markOf(bytes: number): string {
  return `… (${bytes} more bytes)`;
}

/**
 * Cuts all texts in a value of plain objects and lists, as JSON has them. Gives the value itself back when all of them fit. Names
 * of members are not looked at.
 */
export function boundTexts<Value>(value: Value, maxBytes = maxTextBytes): Value {
  return boundedValue(value, maxBytes) as Value;
}

function boundedValue(value: unknown, maxBytes: number): unknown {
  if (typeof value === 'string') return boundText(value, maxBytes);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((item) => boundedValue(item, maxBytes));
    return list.every((item, index) => item === value[index]) ? value : list;
  }
  const members = Object.entries(value);
  const bounded = members.map(([name, member]) => [name, boundedValue(member, maxBytes)] as const);
  return bounded.every(([, member], index) => member === members[index]?.[1]) ? value : Object.fromEntries(bounded);
}

/** Whether a text that has come from elsewhere keeps to the bound. */
export function isBounded(text: string, maxBytes = maxTextBytes): boolean {
  return text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes;
}

/** The stack of an error, with its calls also where the message before them is long. */
export function boundStack({ stack, message }: { readonly stack?: unknown; readonly message: unknown }): string {
  const words = String(message);
  // A bot may have put anything there.
  if (typeof stack !== 'string') return boundText(words);
  return boundText(
    stack.replace(words, () => boundText(words)),
    maxStackBytes,
  );
}
