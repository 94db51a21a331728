import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { QrSeries } from '../../../worker/linking/qr-series.js';

describe('the QR codes that nobody scans', () => {
  it('live for a minute at first, and 20 s each later, in every series anew', () => {
    const series = new QrSeries();
    for (let begun = 1; begun <= 3; begun += 1) {
      expect(series.mayBegin).toBe(true);
      series.begin();
      const lives = Array.from({ length: 6 }, () => series.next()?.lifeMs);
      expect(lives).toEqual([60_000, 20_000, 20_000, 20_000, 20_000, 20_000]);
    }
    expect(series.mayBegin).toBe(false);
    expect(series.next()).toBeUndefined();
    expect(series.codes).toBe(18);
  });

  it('are at most 18 in at most three series that were asked for, whatever WhatsApp does', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('code', 'idle', 'new page'), { maxLength: 200 }), (steps) => {
        const series = new QrSeries();
        series.begin();
        let shown = 0;
        let asked = 0;
        for (const step of steps) {
          if (step === 'code' && series.next() !== undefined) shown += 1;
          if (step === 'idle' && series.mayBegin) {
            series.begin();
            asked += 1;
          }
          if (step === 'new page') series.begin();
        }
        expect(shown).toBeLessThanOrEqual(18);
        expect(asked).toBeLessThanOrEqual(2);
      }),
    );
  });

  it.each([
    ['in the middle of a series', true, 2],
    ['while none is under way', false, 3],
  ])('count anew when a person asks for them %s', (_name, running, more) => {
    const series = new QrSeries();
    for (let begun = 0; begun < 3; begun += 1) series.begin();
    for (let code = 0; code < 18; code += 1) series.next();
    series.startAnew(running);
    expect(series.next()?.number).toBe(1);
    let begun = 0;
    for (; series.mayBegin; begun += 1) series.begin();
    expect(begun).toBe(more);
  });
});
