import { describe, expect, it } from 'vitest';

import { answerLinkRequest, LinkDesk, type LinkStep } from '../../supervisor/link-desk.js';
import { createMachine, type Machine } from '../../supervisor/machine.js';

const now = new Date('2026-11-22T12:00:00.000Z');
const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

function machine(state: Machine['state'], mode: Machine['mode'], failure: Machine['failure'] = null): Machine {
  return { ...createMachine({ mode, quarantine: false }), state, failure };
}

describe('a person who asks for a link', () => {
  it.each<[Machine['state'], Machine['mode'], LinkStep]>([
    ['needs-link', 'link', 'start'],
    ['needs-link', 'restore', 'start'],
    ['linking', 'link', 'refresh'],
    ['starting', 'link', 'wait'],
    ['backoff', 'link', 'wait'],
    ['failed', 'link', 'start'],
    // What follows has a login, or nothing that could show a code: WhatsApp must not be asked.
    ['starting', 'restore', 'refuse'],
    ['backoff', 'restore', 'refuse'],
    ['failed', 'restore', 'refuse'],
    ['restoring', 'restore', 'refuse'],
    ['listening', 'restore', 'refuse'],
    ['degraded', 'restore', 'refuse'],
    ['stopping', 'link', 'refuse'],
    ['stopped', 'link', 'refuse'],
    ['stopping', 'restore', 'refuse'],
    ['stopped', 'restore', 'refuse'],
  ])('of an account that is %s (mode %s): %s', (state, mode, expected) => {
    const { step, answer } = answerLinkRequest(machine(state, mode));
    expect(step).toBe(expected);
    expect(answer.accepted).toBe(expected !== 'refuse');
    expect(answer.sentence).toMatch(/\.$/);
    // Whoever is refused is told what to do instead.
    expect(answer.action === null).toBe(answer.accepted);
  });

  it.each<[Machine['state'], Machine['mode']]>([
    ['needs-link', 'link'],
    ['linking', 'link'],
    ['listening', 'restore'],
  ])('of an account (%s) that another supervisor runs is sent there', (state, mode) => {
    expect(answerLinkRequest(machine(state, mode), true)).toMatchObject({
      step: 'refuse',
      answer: { accepted: false, sentence: expect.stringContaining('Another supervisor') as string },
    });
  });

  it('of a linked device is warned of what it can cost', () => {
    expect(answerLinkRequest(machine('listening', 'restore')).answer.sentence).toContain('can unlink the live device');
  });

  it('of an account that has failed with its login reads why, and what is to be done about it', () => {
    const failure = { class: 'TERMINAL', reason: 'It is restricted', userAction: 'Look at the phone.' } as const;
    const { answer } = answerLinkRequest(machine('failed', 'restore', failure));
    expect(answer.sentence).toContain('(It is restricted)');
    expect(answer.action).toBe('Look at the phone.');
    const withoutAction = answerLinkRequest(machine('failed', 'restore', { ...failure, userAction: null }));
    expect(withoutAction.answer.action).toBe('Restart wasup.');
  });
});

describe('the code that is shown', () => {
  const qr = { type: 'qr', incarnation: 1, qr: 'a text', sequence: 4, expiresInMs: 20_000 } as const;
  const pairingCode = { type: 'pairing-code', incarnation: 1, code: 'ABCD1234', expiresInMs: 180_000 } as const;

  it('can be used until it expires, not after', () => {
    const desk = new LinkDesk('qr');
    expect(desk.codeAt(now)).toBeUndefined();
    desk.hear(qr, now);
    const shown = { method: 'qr', code: 'a text', sequence: 4, expiresAt: later(20_000) };
    expect(desk.codeAt(now)).toEqual(shown);
    expect(desk.codeAt(later(19_999))).toEqual(shown);
    expect(desk.codeAt(later(20_000))).toBeUndefined();
  });

  it('is a pairing code where the worker says so', () => {
    const desk = new LinkDesk('code');
    desk.hear(qr, now);
    desk.hear(pairingCode, now);
    expect(desk.codeAt(later(179_999))).toEqual({
      method: 'code',
      code: 'ABCD1234',
      sequence: 1,
      expiresAt: later(180_000),
    });
  });

  it('is gone when the worker says that it has expired; other messages don’t touch it', () => {
    const desk = new LinkDesk('qr');
    desk.hear(qr, now);
    desk.hear({ type: 'phase', incarnation: 1, phase: 'linking' }, now);
    expect(desk.codeAt(now)).toBeDefined();
    desk.hear({ type: 'qr-expired', incarnation: 1 }, now);
    expect(desk.codeAt(now)).toBeUndefined();
  });
});

describe('the method', () => {
  it('is the configured one until a person asks for another', () => {
    const desk = new LinkDesk('code');
    expect(desk.method).toBe('code');
    desk.ask('qr');
    expect(desk.method).toBe('qr');
    desk.ask('code');
    expect(desk.method).toBe('code');
  });

  it('is a QR code for what comes later by itself: a pairing code is given once', () => {
    const desk = new LinkDesk('code');
    desk.hear({ type: 'pairing-code', incarnation: 1, code: 'ABCD1234', expiresInMs: 180_000 }, now);
    desk.settle();
    expect(desk.method).toBe('qr');
    expect(desk.codeAt(now)).toBeUndefined();
  });
});
