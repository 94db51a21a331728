import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type FailureClass, failureClasses, type SessionMode, sessionModes } from '../../shared/protocol/messages.js';
import { decideRestart, type RestartCircumstances, type RestartDecision } from '../../supervisor/restart-policy.js';
import { defaultLimits } from '../support/machine-limits.js';

const limits = defaultLimits;
const onceFailed: RestartCircumstances = { class: 'BUG', mode: 'restore', count: 1, reported: true };

const needsLink: RestartDecision = { action: 'needs-link' };
const fail: RestartDecision = { action: 'fail' };

function restart(delayMs: number, mode: SessionMode, browser?: 'fresh'): RestartDecision {
  return { action: 'restart', delayMs, mode, freshBrowser: browser === 'fresh' };
}

describe('what follows the end of a life', () => {
  const table: readonly (readonly [string, Partial<RestartCircumstances>, RestartDecision])[] = [
    ['the first bug: again, at once', { class: 'BUG' }, restart(0, 'restore')],
    ['the second bug: again, after a moment', { class: 'BUG', count: 2 }, restart(250, 'restore')],
    ['a bug that never ends is the breaker’s business', { class: 'BUG', count: 5_000 }, restart(60_000, 'restore')],
    ['a WhatsApp that has changed: once more soon', { class: 'INCOMPATIBLE' }, restart(5_000, 'restore')],
    ['… then every half hour', { class: 'INCOMPATIBLE', count: 2 }, restart(1_800_000, 'restore')],
    ['… and never given up', { class: 'INCOMPATIBLE', count: 5_000 }, restart(1_800_000, 'restore')],
    ['a fault that a restart cures', { class: 'TRANSIENT', count: 2 }, restart(250, 'restore')],
    ['… and didn’t: a fresh browser', { class: 'TRANSIENT', count: 3 }, restart(500, 'restore', 'fresh')],
    ['a third kill: none of the browser’s', { class: 'TRANSIENT', count: 3, reported: false }, restart(500, 'restore')],
    ['a lost browser: a fresh one', { class: 'LOCAL' }, restart(0, 'restore', 'fresh')],
    ['no network: not at once even the first time', { class: 'NETWORK' }, restart(500, 'restore')],
    ['no network for days', { class: 'NETWORK', count: 5_000 }, restart(60_000, 'restore')],
    ['no network while linking: still a link', { class: 'NETWORK', mode: 'link' }, restart(500, 'link')],
    ['unlinked while it listened', { class: 'AUTH', count: 0 }, restart(5_000, 'restore')],
    ['the first refused restore', { class: 'AUTH', count: 1 }, restart(5_000, 'restore')],
    ['the second refused restore', { class: 'AUTH', count: 2 }, restart(5_000, 'restore')],
    ['the last refused restore: a new link', { class: 'AUTH', count: 3 }, restart(0, 'link', 'fresh')],
    ['a link that WhatsApp ended: another', { class: 'AUTH', mode: 'link' }, restart(5_000, 'link')],
    ['… and not for ever', { class: 'AUTH', mode: 'link', count: 3 }, needsLink],
    ['nobody scanned', { class: 'TERMINAL', mode: 'link' }, needsLink],
    ['a restricted account', { class: 'TERMINAL' }, fail],
    ['a configuration that can’t work', { class: 'CONFIGURATION' }, fail],
  ];

  it.each(table)('%s', (_name, circumstances, decision) => {
    expect(decideRestart({ ...onceFailed, ...circumstances }, limits, 1)).toEqual(decision);
  });

  const anyCircumstances = fc.record({
    class: fc.constantFrom(...failureClasses),
    mode: fc.constantFrom(...sessionModes),
    count: fc.integer({ min: 0, max: 1_000_000 }),
    reported: fc.boolean(),
  });
  const anyRandom = fc.double({ min: 0, max: 1, noNaN: true });

  it('gives up because of a person’s business, or a link that WhatsApp won’t have', () => {
    const final: readonly FailureClass[] = ['TERMINAL', 'CONFIGURATION'];
    fc.assert(
      fc.property(anyCircumstances, anyRandom, (circumstances, random) => {
        const { action } = decideRestart(circumstances, limits, random);
        const linkRefused = circumstances.class === 'AUTH' && circumstances.mode === 'link';
        if (action !== 'restart') expect(linkRefused || final.includes(circumstances.class)).toBe(true);
      }),
    );
  });

  it('turns a restore into a link only because WhatsApp refused it often enough', () => {
    fc.assert(
      fc.property(anyCircumstances, anyRandom, (circumstances, random) => {
        const decision = decideRestart(circumstances, limits, random);
        const relinks = decision.action === 'restart' && circumstances.mode === 'restore' && decision.mode === 'link';
        expect(relinks).toBe(
          circumstances.mode === 'restore' &&
            circumstances.class === 'AUTH' &&
            circumstances.count >= limits.maxRestoreAttempts,
        );
      }),
    );
  });

  it('never turns a link into a restore', () => {
    fc.assert(
      fc.property(anyCircumstances, anyRandom, (circumstances, random) => {
        const decision = decideRestart({ ...circumstances, mode: 'link' }, limits, random);
        if (decision.action === 'restart') expect(decision.mode).toBe('link');
      }),
    );
  });

  it('waits between nothing and a minute, unless WhatsApp has changed', () => {
    fc.assert(
      fc.property(anyCircumstances, anyRandom, (circumstances, random) => {
        const decision = decideRestart(circumstances, limits, random);
        if (decision.action !== 'restart' || circumstances.class === 'INCOMPATIBLE') return;
        expect(decision.delayMs).toBeGreaterThanOrEqual(0);
        expect(decision.delayMs).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});
