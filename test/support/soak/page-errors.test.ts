import { describe, expect, it } from 'vitest';

import { PageErrors } from './page-errors.js';

describe('errors of the page', () => {
  it('are expected from the beginning of a fault until its end, and at no other time', () => {
    const all: string[] = [];
    const errors = new PageErrors(() => all.length);
    all.push('before');
    errors.expectFrom();
    all.push('during');
    errors.expectFrom();
    all.push('during');
    errors.expectUntil();
    all.push('after');
    errors.expectUntil();
    all.push('later');
    expect(errors.unexpected(all)).toEqual(['before', 'after', 'later']);
  });

  it('are expected to the end where the fault has none', () => {
    const all = ['before'];
    const errors = new PageErrors(() => all.length);
    errors.expectFrom();
    all.push('during');
    expect(errors.unexpected(all)).toEqual(['before']);
  });
});
