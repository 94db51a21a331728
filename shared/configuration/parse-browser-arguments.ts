import { type Parsed, accept, reject, show } from './option.js';
import { parseWords } from './parse-words.js';

/** Switches that the supervisor sets itself; a second one would open the session to others or tear browser and profile apart. */
const ownedBrowserSwitches = [
  '--remote-debugging-port',
  '--remote-debugging-address',
  '--remote-debugging-pipe',
  '--user-data-dir',
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
    if (!word.startsWith('--')) {
      // Chromium would take it for an address and open it in a tab.
      return reject(`holds ${show(word)}, which does not start with --`, {
        advice: 'join a switch and its value by =, and quote values with spaces',
      });
    }
    const owned = ownedBrowserSwitches.find((name) => word === name || word.startsWith(`${name}=`));
    if (owned !== undefined) return reject(`holds ${owned}, which wasup sets itself`, { advice: 'remove it' });
    words.push(word);
  }
  return accept(words);
}
