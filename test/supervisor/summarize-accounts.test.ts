import { expect, it } from 'vitest';

import type { AccountState } from '../../shared/account-state.js';
import { summarizeAccounts } from '../../supervisor/summarize-accounts.js';

const accounts = (...states: AccountState[]) => states.map((state, index) => ({ number: `120255501${index}`, state }));

it.each<[AccountState[], string]>([
  [['listening', 'listening'], '2 of 2 listening'],
  [
    ['listening', 'needs-link', 'backoff'],
    '1 of 3 listening; +1202555011: needs to be linked by a person; +1202555012: waiting before the next attempt',
  ],
  [['failed'], '0 of 1 listening; +1202555010: failed, needs a person'],
])('says of %j: %s', (states, sentence) => {
  expect(summarizeAccounts(accounts(...states))).toBe(sentence);
});

it('names five at most, and is always one line', () => {
  const sentence = summarizeAccounts(accounts(...Array.from({ length: 9 }, () => 'starting' as const)));
  expect(sentence).toMatch(/^0 of 9 listening; (\+\d+: starting browser and worker; ){5}and 4 more$/);
});
