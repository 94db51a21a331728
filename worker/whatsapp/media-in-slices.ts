import type { JSHandle, Page } from 'puppeteer';

import { noteProgress } from '../handler-scope.js';

/** Characters of media that cross between worker and page in one step. */
export const sliceLength = 1_000_000;

/** What crosses of media: base64 beside some short fields. */
type Media = { readonly data: string } & Record<string, unknown>;

/** What the library brings from the page: null or undefined when there is nothing to be had. */
type Found = Media | null | undefined;

/** A message as far as a download concerns it. */
interface Downloading {
  readonly client: { readonly pupPage?: Page };
}

/**
 * The library's `downloadMedia`, with one difference: what it gets from the page stays there, and is read in slices. As
 * one value a document of 90 MB occupies page, browser, supervisor and worker for seconds each, in which nothing else
 * gets through and the page seems to hang.
 */
export function inSlices<Result>(download: (this: Downloading) => Promise<Result>): typeof download {
  return function (this: Downloading) {
    const { client } = this;
    const { pupPage } = client;
    if (pupPage === undefined) return download.call(this);
    const itsClient = Object.create(client, { pupPage: { value: readingInSlices(pupPage) } }) as Downloading['client'];
    return download.call(Object.create(this, { client: { value: itsClient } }) as Downloading);
  };
}

function readingInSlices(page: Page): Page {
  return new Proxy(page, {
    get(target, name) {
      if (name !== 'evaluate') return Reflect.get(target, name, target) as unknown;
      return async (...question: Parameters<Page['evaluateHandle']>): Promise<unknown> => {
        const handle = (await target.evaluateHandle(...question)) as JSHandle<Found>;
        try {
          return await readInSlices(handle);
        } finally {
          await handle.dispose().catch(() => undefined);
        }
      };
    },
  });
}

/** The value of the handle, read step by step. */
export async function readInSlices(handle: Pick<JSHandle<Found>, 'evaluate'>, length = sliceLength): Promise<unknown> {
  const rest = await handle.evaluate((media) => (media ? { ...media, data: media.data.length } : media));
  if (rest === null || rest === undefined) return rest;
  const slices = await inSteps(rest.data, length, (from, to) =>
    handle.evaluate((media, start, end) => media?.data.slice(start, end) ?? '', from, to),
  );
  return { ...rest, data: slices.join('') };
}

/**
 * The other way: has the page's `evaluate` hand over in slices what media are among its parameters. As one value
 * more than 77 MB of them are a frame that Chromium doesn't survive (supervisor/switchboard/limits.ts).
 */
export function sendInSlices(page: Pick<Page, 'evaluate' | 'evaluateHandle'>, length = sliceLength): void {
  const evaluate = page.evaluate.bind(page) as (...question: unknown[]) => Promise<unknown>;
  const evaluateInSlices = async (work: unknown, parameters: readonly unknown[]): Promise<unknown> => {
    const handles: JSHandle[] = [];
    try {
      const given: unknown[] = [];
      for (const parameter of parameters) {
        const media = mediaOf(parameter);
        if (media === undefined || media.data.length <= length) given.push(parameter);
        else {
          const withoutData = { ...media, data: '' };
          const rest = media === parameter ? withoutData : { ...(parameter as object), media: withoutData };
          const handle = (await page.evaluateHandle((value) => value, rest)) as JSHandle<Given>;
          handles.push(handle);
          await writeInSlices(handle, media.data, length);
          given.push(handle);
        }
      }
      return await evaluate(work, ...given);
    } finally {
      await Promise.all(handles.map((handle) => handle.dispose().catch(() => undefined)));
    }
  };
  page.evaluate = ((work: unknown, ...parameters: unknown[]) =>
    parameters.some((parameter) => (mediaOf(parameter)?.data.length ?? 0) > length)
      ? evaluateInSlices(work, parameters)
      : evaluate(work, ...parameters)) as Page['evaluate'];
}

/** What the library hands to the page with media: these themselves for a sticker, or among the options of a message. */
function mediaOf(parameter: unknown): Media | undefined {
  if (typeof parameter !== 'object' || parameter === null) return undefined;
  const { media = parameter } = parameter as { media?: unknown };
  const isMedia = typeof (media as { data?: unknown } | null)?.data === 'string';
  return isMedia ? (media as Media) : undefined;
}

/** What the page is given for a parameter with media: these stand in it, or are it. */
type Given = { readonly media?: GivenMedia } & GivenMedia;

interface GivenMedia {
  data?: string;
  slices?: string[];
}

async function writeInSlices(handle: JSHandle<Given>, data: string, length: number): Promise<void> {
  await inSteps(data.length, length, (from, to) =>
    handle.evaluate(
      (given, slice) => {
        const media = given.media ?? given;
        media.slices ??= [];
        media.slices.push(slice);
      },
      data.slice(from, to),
    ),
  );
  await handle.evaluate((given) => {
    const media = given.media ?? given;
    media.data = media.slices?.join('') ?? '';
    delete media.slices;
  });
}

/**
 * Does the steps in their order, each begun before the one before it is answered: page and worker work side by side.
 */
async function inSteps<Result>(
  total: number,
  length: number,
  step: (from: number, to: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Promise<Result>[] = [];
  for (let from = 0; from < total; from += length) {
    const result = step(from, from + length);
    // It is awaited below; until then its failure is nobody's.
    result.catch(() => undefined);
    results.push(result);
    await results.at(-2);
    noteProgress();
  }
  return Promise.all(results);
}
