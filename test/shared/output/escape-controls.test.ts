import { array, assert, nat, property } from 'fast-check';
import { expect, it } from 'vitest';

import {
  escapeAllButColours,
  escapeControls,
  escapeInJson,
  escapeLine,
} from '../../../shared/output/escape-controls.js';

/** Control characters but tab and line break, and marks of direction. */
const obeyed = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u;
/** With all that can be obeyed, often. */
const text = array(nat(0x2070), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
const colours = '\u001b[1;31mred\u001b[38;5;200mpink\u001b[0m';

it.each([
  ['the title of the window', '\u001b]0;pwn\u0007', '\\x1b]0;pwn\\x07'],
  ['the screen', '\u001b[2J', '\\x1b[2J'],
  ['the cursor', 'a\rb\bc', 'a\\x0db\\x08c'],
  ['the same in 8 bits', '\u009b2J', '\\x9b2J'],
  ['the direction of what follows', '\u202egpj.\u2066', '\\u202egpj.\\u2066'],
])('a text can’t change %s', (_what, text, escaped) => {
  expect(escapeControls(text)).toBe(escaped);
  expect(escapeAllButColours(text)).toBe(escaped);
  expect(escapeLine(text)).toBe(escaped);
});

it('letters of all languages, pictures, tabs and line breaks stay', () => {
  const text = 'Grüße\tمرحبا שלום 👩‍👩‍👧 नमस्ते\nnext';
  expect(escapeControls(text)).toBe(text);
});

it('colours of a bot stay, and end with its line', () => {
  expect(escapeLine(colours)).toBe(colours);
  expect(escapeLine('\u001b[31mred')).toBe('\u001b[31mred\u001b[0m');
  expect(escapeControls('\u001b[31mred')).toBe('\\x1b[31mred');
});

it('nothing that a terminal obeys comes through, whatever a text is made of', () => {
  assert(
    property(text, text, (one, other) => {
      const whole = `${one}\u001b[${other}`;
      expect(escapeControls(whole)).not.toMatch(obeyed);
      const bare = escapeLine(whole).replaceAll(/\u001b\[[0-9;:]*m/g, '');
      expect(bare).not.toMatch(obeyed);
    }),
  );
});

it('JSON means the same afterwards', () => {
  assert(
    property(text, (said) => {
      const escaped = escapeInJson(JSON.stringify({ said }));
      expect(escaped).not.toMatch(obeyed);
      expect(JSON.parse(escaped)).toEqual({ said });
    }),
  );
});
