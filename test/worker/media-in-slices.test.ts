import fc from 'fast-check';
import type { JSHandle, Page } from 'puppeteer';
import { describe, expect, it, vi } from 'vitest';

import { handlerScope } from '../../worker/handler-scope.js';
import { readInSlices, sendInSlices } from '../../worker/whatsapp/media-in-slices.js';

type Handle = Parameters<typeof readInSlices>[0];
type Work = (...parameters: unknown[]) => unknown;

const lengths = fc.integer({ min: 1, max: 40 });
const base64 = fc.base64String({ maxLength: 100 });

describe('media that are read', () => {
  it('come whole, and no more of them in one step than a slice', async () => {
    await fc.assert(
      fc.asyncProperty(base64, lengths, async (data, length) => {
        const media = { data, mimetype: 'application/pdf', filename: undefined, filesize: 7 };
        const answers: unknown[] = [];
        expect(await readInSlices(handleOf(media, answers), length)).toEqual(media);
        for (const answer of answers.filter((each) => typeof each === 'string')) {
          expect(answer.length).toBeLessThanOrEqual(length);
        }
      }),
    );
  });

  it.each([null, undefined])('are %s where there is nothing to be had', async (nothing) => {
    expect(await readInSlices(handleOf(nothing, []))).toBe(nothing);
  });

  it('occupy the page with two slices at a time', async () => {
    let most = 0;
    let underWay = 0;
    const handle = handleOf({ data: 'x'.repeat(100) }, []);
    const evaluate = handle.evaluate.bind(handle) as Work;
    const counting = async (...question: unknown[]): Promise<unknown> => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return evaluate(...question);
    };
    await readInSlices({ evaluate: counting } as unknown as Handle, 10);
    expect(most).toBe(2);
  });

  it('give the handler that waits for them its time anew', async () => {
    const scope = { hasAnswered: false, progressAt: -1 };
    await handlerScope.run(scope, () => readInSlices(handleOf({ data: 'x'.repeat(100) }, []), 10));
    expect(scope.progressAt).toBeGreaterThan(0);
  });

  it('fail as the page does', async () => {
    const evaluate = vi.fn().mockResolvedValueOnce({ data: 100 }).mockRejectedValue(new Error('Target closed'));
    await expect(readInSlices({ evaluate }, 10)).rejects.toThrow('Target closed');
  });
});

describe('media that are sent', () => {
  const media = fc.record({ data: base64, mimetype: fc.constant('application/pdf'), filename: fc.constant('a.pdf') });
  const parameters = fc.tuple(
    fc.constant('12025550123@c.us'),
    fc.oneof(media, fc.record({ media, caption: fc.string() }), fc.constant({ media: undefined }), fc.constant(null)),
    fc.constant(undefined),
    fc.boolean(),
  );

  it('reach the page’s work as they were given, and no more of them in one step than a slice', async () => {
    await fc.assert(
      fc.asyncProperty(parameters, lengths, async (given, length) => {
        const page = new FakePage();
        sendInSlices(page.page, length);
        const before = structuredClone(given);
        expect(await page.page.evaluate((...got: unknown[]) => got, ...given)).toEqual(given);
        expect(given).toEqual(before);
        const longest = Math.max(0, ...page.crossed.map((value) => longestTextOf(value)));
        expect(longest).toBeLessThanOrEqual(Math.max(length, longestTextOf([given[0], 'application/pdf'])));
        expect(page.open).toBe(0);
      }),
    );
  });

  it('that can’t be handed over fail as the page does, and leave nothing in it', async () => {
    const page = new FakePage();
    sendInSlices(page.page, 10);
    page.breaksAfter = 3;
    const sending = page.page.evaluate((got) => got, { data: 'x'.repeat(100) });
    await expect(sending).rejects.toThrow('Target closed');
    expect(page.open).toBe(0);
  });
});

/** What is in the page, without one. */
function handleOf(value: unknown, answers: unknown[]): Handle {
  return {
    evaluate: (work: unknown, ...parameters: unknown[]) => {
      const answer: unknown = (work as Work)(value, ...parameters);
      answers.push(answer);
      return Promise.resolve(answer);
    },
  } as unknown as Handle;
}

/** A page that evaluates here, and notes what has crossed to it. */
class FakePage {
  readonly crossed: unknown[] = [];
  open = 0;
  breaksAfter = Infinity;
  readonly #values = new Map<unknown, unknown>();

  readonly page = {
    evaluate: (work: unknown, ...given: unknown[]) => this.#evaluate(work, given),
    evaluateHandle: async (work: unknown, ...given: unknown[]) => this.#handleOf(await this.#evaluate(work, given)),
  } as unknown as Pick<Page, 'evaluate' | 'evaluateHandle'>;

  #evaluate(work: unknown, given: readonly unknown[]): Promise<unknown> {
    if (this.crossed.length >= this.breaksAfter) return Promise.reject(new Error('Target closed'));
    this.crossed.push(given.filter((each) => !this.#values.has(each)));
    const parameters = given.map((each) => (this.#values.has(each) ? this.#values.get(each) : structuredClone(each)));
    return Promise.resolve((work as Work)(...parameters));
  }

  #handleOf(value: unknown): JSHandle {
    this.open += 1;
    const handle = {
      evaluate: (work: unknown, ...given: unknown[]) => this.#evaluate(work, [handle, ...given]),
      dispose: () => Promise.resolve((this.open -= 1)),
    };
    this.#values.set(handle, value);
    return handle as unknown as JSHandle;
  }
}

function longestTextOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map((each) => longestTextOf(each)));
}
