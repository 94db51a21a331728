import { describe, expect, it } from 'vitest';

import {
  decide,
  type DevelopmentEffect,
  type DevelopmentEvent,
  initialSituation,
  type Situation,
} from '../../../scripts/development/decide.js';

const saved: DevelopmentEvent = { type: 'changed', whose: 'supervisor' };
const workerSaved: DevelopmentEvent = { type: 'changed', whose: 'workers' };
const loaded: DevelopmentEvent = { type: 'loaded' };
const loadFailed: DevelopmentEvent = { type: 'load-failed' };
const controlC: DevelopmentEvent = { type: 'signal', name: 'SIGINT' };
const exited = (code = 0): DevelopmentEvent => ({ type: 'exited', code });

/** What these events lead to, one after the other, in short. */
function play(...events: DevelopmentEvent[]): string[] {
  let situation = initialSituation;
  return events.map((event) => {
    const { next, effects } = decide(situation, event);
    situation = next;
    return effects.map(shortly).join(' ');
  });
}

function shortly(effect: DevelopmentEffect): string {
  if (effect.type === 'tell') return `"${effect.what}"`;
  if (effect.type === 'end') return `end(${effect.code})`;
  return effect.type === 'forward' ? effect.signal : effect.type;
}

describe('a change of the supervisor', () => {
  it('stops it only when the new sources can be loaded, and starts it when it has gone', () => {
    expect(play(saved, loaded, exited())).toEqual(['try-sources', '"restarting" stop', 'start']);
  });

  it('that can not be loaded leaves it in service, and the next good one replaces it', () => {
    expect(play(saved, loadFailed, saved, loaded, exited())).toEqual([
      'try-sources',
      '"kept"',
      'try-sources',
      '"restarting" stop',
      'start',
    ]);
  });

  it('while the one before is being loaded is loaded instead', () => {
    expect(play(saved, saved, loaded)).toEqual(['try-sources', 'try-sources', '"restarting" stop']);
  });

  it('while the supervisor stops is loaded before anything is started', () => {
    expect(play(saved, loaded, saved, exited(), loaded)).toEqual([
      'try-sources',
      '"restarting" stop',
      'try-sources',
      '',
      'start',
    ]);
    expect(play(saved, loaded, saved, loaded, exited()).at(-1)).toBe('start');
  });

  it('while the supervisor stops, and that can not be loaded, waits for one that can', () => {
    expect(play(saved, loaded, saved, loadFailed, exited(), saved, loaded)).toEqual([
      'try-sources',
      '"restarting" stop',
      'try-sources',
      '"still-waiting"',
      '',
      'try-sources',
      'start',
    ]);
  });

  it('of the workers alone is none of it, but may heal what could not be loaded', () => {
    expect(play(workerSaved)).toEqual(['']);
    expect(play(saved, loadFailed, workerSaved, loaded)).toEqual([
      'try-sources',
      '"kept"',
      'try-sources',
      '"restarting" stop',
    ]);
  });
});

describe('a supervisor that ends by itself', () => {
  it('ends everything with its exit code, as long as nobody has changed it', () => {
    expect(play(exited(78))).toEqual(['end(78)']);
    expect(play(saved, exited(73))).toEqual(['try-sources', 'end(73)']);
  });

  it('after a change waits for the next one', () => {
    expect(play(saved, loaded, exited(), exited(70), saved, loaded).slice(3)).toEqual([
      '"died"',
      'try-sources',
      'start',
    ]);
    expect(play(saved, loaded, exited(), exited(70), workerSaved, loaded).slice(3)).toEqual([
      '"died"',
      'try-sources',
      'start',
    ]);
  });

  it('in order ends everything, also after a change', () => {
    expect(play(saved, loaded, exited(), exited(0)).at(-1)).toBe('end(0)');
  });
});

describe('Ctrl-C', () => {
  it('is handed on, and the exit code with which the supervisor ends is passed on', () => {
    expect(play(controlC, exited(0))).toEqual(['SIGINT', 'end(0)']);
  });

  it('is handed on twice, and kills the third time', () => {
    expect(play(controlC, controlC, controlC, exited(137))).toEqual(['SIGINT', 'SIGINT', 'kill', 'end(137)']);
  });

  it('in the middle of a restart is not taken for impatience, and nothing is started', () => {
    expect(play(saved, loaded, controlC, exited(0))).toEqual(['try-sources', '"restarting" stop', '', 'end(0)']);
  });

  it('while everything waits for a change ends at once', () => {
    expect(play(saved, loaded, exited(), exited(70), controlC).at(-1)).toBe('end(0)');
  });
});

it('whatever happens in whatever order, one supervisor runs at a time, and none after the end was asked for', () => {
  const events = [saved, workerSaved, loaded, loadFailed, controlC, exited(0), exited(70)];
  const walk = (situation: Situation, depth: number): void => {
    for (const event of events) {
      if (event.type === 'exited' && situation.supervisor === 'gone') continue;
      const { next, effects } = decide(situation, event);
      const kinds = effects.map(({ type }) => type);
      if (kinds.includes('start')) {
        expect(event.type === 'exited' || situation.supervisor === 'gone').toBe(true);
        expect(situation.end).toBe('not-asked');
        expect(next.supervisor).toBe('up');
      }
      if (kinds.includes('stop') || kinds.includes('forward')) expect(next.supervisor).not.toBe('gone');
      // The end comes when nothing is left, and then nothing else follows.
      if (kinds.includes('end')) expect(next.supervisor).toBe('gone');
      else if (depth > 0) walk(next, depth - 1);
    }
  };
  walk(initialSituation, 6);
});
