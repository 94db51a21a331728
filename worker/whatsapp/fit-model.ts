import type { WhatsAppWindow } from './page-globals.js';

/** Longer than any message of a person in JSON: a text has up to 65,536 characters, a picture's preview some thousands. */
export const maxModelLength = 1_000_000;

declare const window: WhatsAppWindow;

/**
 * Runs in the page, once in a document: `window.wasupFit` gives a message's raw model as it is, or, where its JSON is
 * longer than the bound, a copy that is not. Previews go first, then what is beyond the longest texts and lists. Who has
 * sent it, when, in which chat and of which type stays in any case; `wasupCutFrom` says how long it was.
 */
export function installFit(maxLength: number): void {
  if (window.wasupFit !== undefined) return;
  interface Limits {
    readonly text: number;
    readonly items: number;
    readonly depth: number;
  }
  const steps: readonly Limits[] = [
    { text: Infinity, items: Infinity, depth: Infinity },
    { text: 65_536, items: 10_000, depth: 10 },
    { text: 4_096, items: 300, depth: 5 },
    { text: 256, items: 30, depth: 3 },
  ];
  const essential = ['id', 'from', 'to', 'author', 't', 'type', 'body', 'self', 'isNewMsg', 'wasupAddresses'];

  const cutText = (text: string, length: number): string => {
    if (text.length <= length) return text;
    const cut = text.slice(0, length);
    // Not in the middle of a character.
    return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
  };

  const cut = (value: unknown, limits: Limits, depth = 0): unknown => {
    if (typeof value === 'string') return cutText(value, limits.text);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > limits.depth) return undefined;
    if (Array.isArray(value)) return value.slice(0, limits.items).map((item) => cut(item, limits, depth + 1));
    const members = Object.entries(value).filter(
      ([name, member]) =>
        name.length <= 256 && !(typeof member === 'string' && member.length > 256 && /thumb/i.test(name)),
    );
    return Object.fromEntries(
      members.slice(0, limits.items).map(([name, member]) => [name, cut(member, limits, depth + 1)]),
    );
  };

  const withLength = (model: unknown, wasupCutFrom: number): object => ({ ...(model as object), wasupCutFrom });

  window.wasupFit = (model) => {
    if (typeof model !== 'object' || model === null) return model;
    const json = JSON.stringify(model);
    if (json.length <= maxLength) return model;
    // As JSON has it: the library's own objects may say of themselves what they are there.
    const plain = JSON.parse(json) as Record<string, unknown>;
    for (const limits of steps) {
      const fitting = withLength(cut(plain, limits), json.length);
      if (JSON.stringify(fitting).length <= maxLength) return fitting;
    }
    const rest = Object.fromEntries(essential.filter((name) => name in plain).map((name) => [name, plain[name]]));
    return withLength(cut(rest, { text: 256, items: 20, depth: 2 }), json.length);
  };
}
