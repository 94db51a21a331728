import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { StatusVerdict } from '../../supervisor/judge-status.js';
import { type Circumstances, StatusPatience } from '../../supervisor/status-patience.js';

const wrong: StatusVerdict = { kind: 'contradicting', sentence: '', correction: {} };
const agrees: StatusVerdict = { kind: 'true' };
const missing: StatusVerdict = { kind: 'missing' };

function at(nowMs: number, change: Partial<Circumstances> = {}): Circumstances {
  return { hasWriter: true, situation: 'listening', isRegular: false, nowMs, ...change };
}

const create = (): StatusPatience => new StatusPatience({ writerGraceMs: 6_000, graceMs: 200 });

describe('a wrong status file', () => {
  it('is left to the worker for its grace, then mended', () => {
    const patience = create();
    expect(patience.answer(wrong, at(0))).toBe('look-again');
    expect(patience.answer(wrong, at(5_999))).toBe('look-again');
    expect(patience.answer(wrong, at(6_000))).toBe('repair');
  });

  it('that the worker has mended meanwhile gets a new grace when it is wrong again', () => {
    const patience = create();
    expect(patience.answer(wrong, at(0))).toBe('look-again');
    expect(patience.answer(agrees, at(3_000))).toBe('leave');
    expect(patience.answer(wrong, at(6_000))).toBe('look-again');
  });

  it('gets a new grace when the account has changed', () => {
    const patience = create();
    expect(patience.answer(wrong, at(0))).toBe('look-again');
    expect(patience.answer(wrong, at(6_000, { situation: 'another' }))).toBe('look-again');
  });

  it('waits only for our own writes where there is no worker', () => {
    const patience = create();
    expect(patience.answer(wrong, at(0, { hasWriter: false }))).toBe('look-again');
    expect(patience.answer(wrong, at(200, { hasWriter: false }))).toBe('repair');
  });

  it('is given up, once, when somebody writes against us, and mended again after a while', () => {
    const patience = create();
    const answers = walk(patience, wrong, 100);
    expect(answers.filter((answer) => answer === 'repair')).toHaveLength(5);
    expect(answers.filter((answer) => answer === 'give-up')).toHaveLength(1);
    expect(patience.answer(wrong, at(1_000_000, { hasWriter: false }))).toBe('repair');
  });

  it('that goes missing again and again is made anew at regular looks alone', () => {
    const patience = create();
    walk(patience, missing, 20);
    expect(patience.answer(missing, at(20_000, { hasWriter: false }))).toBe('leave');
    expect(patience.answer(missing, at(20_300, { hasWriter: false, isRegular: true }))).toBe('repair');
  });

  it('is mended at most five times in ten minutes, whatever comes', () => {
    const look = fc.record({
      isTrue: fc.boolean(),
      hasWriter: fc.boolean(),
      situation: fc.constantFrom('a', 'b'),
      pauseMs: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 100 }), (looks) => {
        const patience = create();
        let nowMs = 0;
        const answers = looks.map(({ isTrue, hasWriter, situation, pauseMs }) => {
          nowMs += pauseMs;
          return patience.answer(isTrue ? agrees : wrong, at(nowMs, { hasWriter, situation }));
        });
        expect(answers.filter((answer) => answer === 'repair').length).toBeLessThanOrEqual(5);
      }),
    );
  });

  /** Looks twice a second at a file without a worker. */
  function walk(patience: StatusPatience, verdict: StatusVerdict, looks: number): string[] {
    return Array.from({ length: looks }, (_, index) => patience.answer(verdict, at(index * 500, { hasWriter: false })));
  }
});
