import fc from 'fast-check';
import { expect, it } from 'vitest';

import { readInSlices } from '../../worker/whatsapp/media-in-slices.js';

type Handle = Parameters<typeof readInSlices>[0];

it('media come whole, and no more of them in one step than a slice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.base64String({ maxLength: 100 }), fc.integer({ min: 1, max: 40 }), async (data, length) => {
      const media = { data, mimetype: 'application/pdf', filename: undefined, filesize: 7 };
      const answers: unknown[] = [];
      expect(await readInSlices(handleOf(media, answers), length)).toEqual(media);
      for (const answer of answers.filter((each) => typeof each === 'string')) {
        expect(answer.length).toBeLessThanOrEqual(length);
      }
    }),
  );
});

it.each([null, undefined])('%s, where there is nothing to be had, stays what it is', async (nothing) => {
  expect(await readInSlices(handleOf(nothing, []))).toBe(nothing);
});

/** What is in the page, without one. */
function handleOf(value: unknown, answers: unknown[]): Handle {
  return {
    evaluate: (work: unknown, ...parameters: unknown[]) => {
      const answer: unknown = (work as (...all: unknown[]) => unknown)(value, ...parameters);
      answers.push(answer);
      return Promise.resolve(answer);
    },
  } as unknown as Handle;
}
