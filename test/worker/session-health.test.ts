import fc from 'fast-check';
import { expect, it } from 'vitest';

import { impairmentKinds } from '../../shared/protocol/messages.js';
import { SessionHealth } from '../../worker/session-health.js';

const kind = fc.constantFrom(...impairmentKinds.filter((name) => name !== 'connection'));

it('tells the gravest of what impairs the session, each change once, and null exactly when there is none', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('note' as const), kind }),
    fc.record({ do: fc.constant('clear' as const), kind }),
    fc.record({ do: fc.constant('connection' as const), state: fc.constantFrom('CONNECTED', 'OPENING') }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const told: (string | null)[] = [];
      let isPaused = false;
      const health = new SessionHealth({
        onChange: (impairment) => told.push(impairment?.kind ?? null),
        onPause(paused) {
          expect(paused).toBe(!isPaused);
          isPaused = paused;
        },
      });
      const there = new Set<string>();
      for (const next of steps) {
        if (next.do === 'note') {
          health.note(next.kind, next.kind);
          there.add(next.kind);
        } else if (next.do === 'clear') {
          health.clear(next.kind);
          there.delete(next.kind);
        } else {
          health.noteConnection(next.state);
          if (next.state === 'CONNECTED') there.delete('connection');
          else there.add('connection');
        }
        const gravest = impairmentKinds.find((name) => there.has(name)) ?? null;
        expect(health.impairment?.kind ?? null).toBe(gravest);
        expect(told.at(-1) ?? null).toBe(gravest);
        expect(isPaused).toBe(there.has('connection') || there.has('storage'));
      }
      expect(told.every((one, at) => at === 0 || one !== told[at - 1])).toBe(true);
    }),
  );
});
