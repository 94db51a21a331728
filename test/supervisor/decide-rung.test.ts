import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PageLook } from '../../shared/protocol/page-look.js';
import type { PageFindings } from '../../supervisor/browser/look-at-page.js';
import { decideRung } from '../../supervisor/decide-rung.js';

const pageHalf = 'abc';
const look: PageLook = {
  version: pageHalf,
  incarnation: 3,
  socket: 'CONNECTED',
  hasSynced: true,
  utilities: true,
  identity: '14155550100',
};
const well: PageFindings = { pages: 1, url: 'https://web.whatsapp.com/', isAttached: false, look };

describe('a page that a worker has left', () => {
  it.each<[string, Partial<PageFindings>]>([
    ['is well', {}],
    ['has changed its address within WhatsApp Web', { url: 'https://web.whatsapp.com/#chat' }],
    ['connects', { look: { ...look, socket: 'OPENING' } }],
    ['has no network', { look: { ...look, socket: 'TIMEOUT' } }],
  ])('is taken over when it %s', (_name, found) => {
    expect(decideRung({ ...well, ...found }, pageHalf)).toEqual({ rung: 'hot' });
  });

  it.each<[string, Partial<PageFindings>, RegExp]>([
    ['there is none', { pages: 0 }, /no page/],
    ['there are several', { pages: 2 }, /2 pages/],
    ['something else is attached to it', { isAttached: true }, /attached/],
    ['it shows another address', { url: 'https://web.whatsapp.com.example.org/' }, /another address/],
    ['it is blank', { url: 'about:blank', look: null }, /another address/],
    ['it does not answer', { look: 'silent' }, /not answer/],
    ['it was reloaded', { look: null }, /nothing of wasup/],
    ['it has the listeners of an older library', { look: { ...look, version: 'other' } }, /another version/],
    ['no listeners are attached', { look: { ...look, incarnation: null } }, /no listeners/],
    ['the library’s half has gone', { look: { ...look, utilities: false } }, /gone from the page/],
    ['it is logged out', { look: { ...look, socket: 'UNPAIRED' } }, /state UNPAIRED/],
    ['another page has its connection', { look: { ...look, socket: 'CONFLICT' } }, /state CONFLICT/],
    ['its connection is in a state that nobody knows', { look: { ...look, socket: 'SOMETHING_NEW' } }, /SOMETHING_NEW/],
    ['its connection says nothing', { look: { ...look, socket: null } }, /unknown/],
    ['it has not synced', { look: { ...look, hasSynced: false } }, /not synced/],
    ['nobody is linked in it', { look: { ...look, identity: null } }, /not linked/],
  ])('is opened anew when %s', (_name, found, reason) => {
    const decision = decideRung({ ...well, ...found }, pageHalf);
    expect(decision).toEqual({ rung: 'warm', reason: expect.stringMatching(reason) as string });
  });

  it('is taken over only when nothing at all speaks against it', () => {
    const findings = fc.record({
      pages: fc.integer({ min: 0, max: 3 }),
      url: fc.constantFrom('about:blank', 'https://web.whatsapp.com/', 'chrome-error://chromewebdata/'),
      isAttached: fc.boolean(),
      look: fc.oneof(
        fc.constant(null),
        fc.constant('silent' as const),
        fc.record({
          version: fc.constantFrom(pageHalf, 'other'),
          incarnation: fc.constantFrom(null, 1),
          socket: fc.constantFrom('CONNECTED', 'OPENING', 'TIMEOUT', 'UNPAIRED', 'PAIRING', null),
          hasSynced: fc.boolean(),
          utilities: fc.boolean(),
          identity: fc.constantFrom(null, '14155550100'),
        }),
      ),
    });
    fc.assert(
      fc.property(findings, (found) => {
        if (decideRung(found, pageHalf).rung !== 'hot') return;
        expect(found).toMatchObject({
          pages: 1,
          url: 'https://web.whatsapp.com/',
          isAttached: false,
          look: { version: pageHalf, incarnation: 1, hasSynced: true, utilities: true, identity: '14155550100' },
        });
      }),
      { numRuns: 2_000 },
    );
  });
});
