import { type Parsed, accept, reject, show } from './option.js';
import { parseWords } from './parse-words.js';

/** What the supervisor sets itself, or must not be set at all. Chromium doesn't mind the case on some systems. */
const closedSwitches = [
  {
    // A port, an address, other file descriptors: all of them lead past the supervisor.
    pattern: /^--remote-debugging/i,
    why: 'which could open the session to any process on this machine',
    advice: 'remove it',
  },
  {
    pattern: /^--user-data-dir(=|$)/i,
    why: "although the profile lies in the account's session folder",
    advice: 'remove it; WASUP_SESSIONS_DIR moves the sessions',
  },
];

export function parseBrowserArguments(raw: unknown): Parsed<readonly string[]> {
  const advice = 'write switches such as --mute-audio --lang=en, separated by spaces, or a JSON array of strings';
  if (typeof raw !== 'string' && !Array.isArray(raw)) return reject('is neither text nor an array', { advice });
  const parsed = typeof raw === 'string' ? parseWords(raw) : accept(raw as unknown[]);
  if (!parsed.accepted) return parsed;
  const words: string[] = [];
  for (const word of parsed.value) {
    if (typeof word !== 'string' || word.includes('\0')) {
      return reject(`holds ${show(word)}, which is not a switch`, { advice });
    }
    if (!/^--[a-z]/i.test(word)) {
      // Chromium would take it for an address and open it in a tab.
      return reject(`holds ${show(word)}, which is not a switch`, {
        advice: 'begin each switch with --, join it and its value by =, and quote values with spaces',
      });
    }
    const closed = closedSwitches.find(({ pattern }) => pattern.test(word));
    if (closed !== undefined) return reject(`holds ${show(word)}, ${closed.why}`, { advice: closed.advice });
    words.push(word);
  }
  return accept(words);
}
