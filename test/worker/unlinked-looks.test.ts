import { describe, expect, it } from 'vitest';

import { UnlinkedLooks } from '../../worker/unlinked-looks.js';

const number = '12025550100';

/** How many looks of the same kind it takes; none of 100 does when undefined. */
function looksUntilUnlinked(socket: string | null, identity: string | null, looks = new UnlinkedLooks()): number {
  for (let count = 1; count <= 100; count += 1) {
    try {
      looks.take({ socket, identity });
    } catch (error) {
      expect(error).toMatchObject({ class: 'AUTH' });
      return count;
    }
  }
  return Infinity;
}

describe('a page that comes up', () => {
  it.each([
    ['UNPAIRED', null, 2],
    ['UNPAIRED_IDLE', null, 2],
    ['UNPAIRED', number, 30],
    ['UNPAIRED_IDLE', number, 30],
    ['CONNECTED', null, Infinity],
    ['OPENING', null, Infinity],
    ['TIMEOUT', null, Infinity],
    ['PAIRING', null, Infinity],
    [null, null, Infinity],
  ])('in %s, linked to %s, is unlinked after so many looks: %d', (socket, identity, expected) => {
    expect(looksUntilUnlinked(socket, identity)).toBe(expected);
  });

  it('and only passes through a state without a link isn’t unlinked by it', () => {
    const looks = new UnlinkedLooks();
    for (let count = 0; count < 10; count += 1) {
      looks.take({ socket: 'UNPAIRED', identity: null });
      looks.take({ socket: 'PAIRING', identity: null });
    }
    expect(looksUntilUnlinked('UNPAIRED', null, looks)).toBe(2);
  });
});
