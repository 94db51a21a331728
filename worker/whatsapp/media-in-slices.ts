import type { JSHandle, Page } from 'puppeteer';

/** Characters of media that come from the page in one step, with room for the rest of its frame in a mebibyte. */
export const sliceLength = 1_000_000;

/**
 * What the library brings from the page: base64 beside some short fields. Null or undefined when there is nothing to be
 * had.
 */
type Media = { readonly data: string } & Record<string, unknown>;

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
        const handle = (await target.evaluateHandle(...question)) as JSHandle<Media | null | undefined>;
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
export async function readInSlices(
  handle: Pick<JSHandle<Media | null | undefined>, 'evaluate'>,
  length = sliceLength,
): Promise<unknown> {
  const rest = await handle.evaluate((media) => (media ? { ...media, data: media.data.length } : media));
  if (rest === null || rest === undefined) return rest;
  const slices: string[] = [];
  for (let start = 0; start < rest.data; start += length) {
    slices.push(await handle.evaluate((media, from, to) => media?.data.slice(from, to) ?? '', start, start + length));
  }
  return { ...rest, data: slices.join('') };
}
