import { expect, it } from 'vitest';

import { decideHelp, type SetUpCircumstances } from '../../worker/whatsapp/set-up-help.js';

const synced: SetUpCircumstances = {
  knowsOfSync: true,
  utilities: false,
  looks: 1,
  forMs: 0,
  hasThrown: false,
  helpedMsAgo: undefined,
};

it.each<[string, Partial<SetUpCircumstances>, string]>([
  ['is at it', { looks: 50, forMs: 5_000 }, 'wait'],
  ['may be about to hear of the sync', { knowsOfSync: false }, 'wait'],
  ['has missed the sync', { knowsOfSync: false, looks: 3 }, 'help'],
  ['has thrown just now', { hasThrown: true }, 'wait'],
  ['has thrown', { hasThrown: true, looks: 3 }, 'help'],
  ['does nothing any more', { looks: 100, forMs: 11_000 }, 'help'],
  // Attaching begins after the utilities are there; a second time would deliver everything twice.
  ['attaches its listeners', { utilities: true, looks: 50, forMs: 5_000 }, 'wait'],
  ['has thrown while it attached its listeners', { utilities: true, hasThrown: true }, 'give-up'],
  ['is stuck while it attaches its listeners', { utilities: true, forMs: 11_000 }, 'give-up'],
  ['was helped a moment ago', { helpedMsAgo: 1_000, looks: 50 }, 'wait'],
  ['has thrown once more', { helpedMsAgo: 1_000, hasThrown: true }, 'give-up'],
  ['was helped long ago', { helpedMsAgo: 11_000 }, 'give-up'],
])('a library that %s', (_name, difference, decision) => {
  expect(decideHelp({ ...synced, ...difference })).toBe(decision);
});
