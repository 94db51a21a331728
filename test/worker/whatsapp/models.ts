import { randomBytes } from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';
import whatsapp from 'whatsapp-web.js';

import { readModels } from '../../../worker/whatsapp/read-missed.js';
import { type AttachedPage, hear } from './attached-page.js';
import { newNumber } from './new-number.js';

const { MessageMedia } = whatsapp;
const timeoutMs = 60_000;
const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const picture = { mimetype: 'image/png', data: onePixel };

type Receive = (page: AttachedPage) => Promise<{ id: string }>;

const kinds: Readonly<Record<string, Receive>> = {
  'a text with a link': ({ phone }) => phone.receiveText({ from: newNumber(), body: 'see https://example.org/a' }),
  'a text that mentions somebody': ({ phone }) =>
    phone.receiveText({ from: newNumber(), body: '@you', mentions: [phone.number] }),
  'a text that quotes another': async ({ phone }) => {
    const from = newNumber();
    const { id } = await phone.receiveText({ from, body: 'which day?' });
    return phone.receiveText({ from, body: 'monday', quoted: id });
  },
  'a picture without a word': ({ phone }) => phone.receiveMedia({ from: newNumber(), ...picture }),
  'a picture with a caption': ({ phone }) =>
    phone.receiveMedia({ from: newNumber(), ...picture, filename: 'dot.png', caption: 'a dot' }),
  'a voice message': ({ phone }) =>
    phone.receiveMedia({ from: newNumber(), mimetype: 'audio/ogg', type: 'ptt', data: onePixel }),
  'a text in a group': ({ phone }) => {
    const from = newNumber();
    const group = phone.groups.create({ subject: 'Neighbours', participants: [from] });
    return phone.receiveText({ from, group: group.id, body: 'hello all', pushname: 'Ann' });
  },
};

export function specifyReadModels(opened: () => AttachedPage): void {
  describe('the model of a message', () => {
    it.each(Object.entries(kinds))(
      'is what the library’s own listener gets, field by field: %s',
      async (_, receive) => {
        const { page } = opened();
        const { id, raw } = await live(opened(), receive);
        expect(await models(page, [id])).toEqual([raw]);
      },
    );

    it('is the same in a page that was loaded since, but that the message is no new one', async () => {
      const { page, reload } = opened();
      const heard: Live[] = [];
      for (const receive of Object.values(kinds)) heard.push(await live(opened(), receive));
      await reload();
      const ids = heard.map(({ id }) => id);
      expect(await models(page, ids)).toEqual(heard.map(({ raw }) => ({ ...raw, isNewMsg: false })));
    });

    it('has the texts of its key, its chat and its author', async () => {
      const { page, phone } = opened();
      const from = newNumber();
      const group = phone.groups.create({ subject: 'Neighbours', participants: [from] });
      const { id } = await missed(opened(), () => phone.receiveText({ from, group: group.id, body: 'hello all' }));
      expect(await models(page, [id])).toMatchObject([
        {
          id: { fromMe: false, remote: group.id, participant: { _serialized: `${from}@c.us` }, _serialized: id },
          from: { _serialized: group.id },
          author: { _serialized: `${from}@c.us` },
        },
      ]);
    });

    it('has the newest text of a message that was edited before anybody read it', async () => {
      const { page, phone } = opened();
      const { id } = await missed(opened(), async () => {
        const receipt = await phone.receiveText({ from: newNumber(), body: 'before' });
        phone.edit(receipt.id, 'after');
        return receipt;
      });
      const [model] = await models(page, [id]);
      expect(model).toMatchObject({ body: 'after' });
      expect(model).toHaveProperty('latestEditSenderTimestampMs');
    });

    it('comes whole, however little may cross in one step', async () => {
      const { page, phone } = opened();
      const from = newNumber();
      const heard: Live[] = [];
      for (const body of ['a'.repeat(50_000), 'b', 'c'.repeat(50_000)]) {
        heard.push(await live(opened(), () => phone.receiveText({ from, body })));
      }
      const ids = heard.map(({ id }) => id);
      const texts = await readModels(page, ids, timeoutMs, { milliseconds: 60_000, messages: 1, size: 60_000 });
      expect(texts.map((text) => JSON.parse(text ?? 'null') as unknown)).toEqual(heard.map(({ raw }) => raw));
    });

    it('comes in the order that was asked for; that of a message that has gone is null', async () => {
      const { page, phone } = opened();
      const from = newNumber();
      const one = await live(opened(), () => phone.receiveText({ from, body: 'one' }));
      const two = await live(opened(), () => phone.receiveText({ from, body: 'two' }));
      expect(await models(page, [two.id, `false_${from}@c.us_GONE`, one.id])).toEqual([two.raw, null, one.raw]);
      expect(await models(page, [])).toEqual([]);
    });
  });
}

export function specifyMedia(opened: () => AttachedPage): void {
  it('media of several megabytes are downloaded as the library says, and never cross as one value', async () => {
    const { page, phone } = opened();
    const data = randomBytes(4_000_000).toString('base64');
    const evaluate = vi.spyOn(page, 'evaluate');
    try {
      const message = await hear(opened(), () =>
        phone.receiveMedia({ from: newNumber(), mimetype: 'application/pdf', filename: 'a.pdf', data }),
      );
      evaluate.mockClear();
      const media = await message.downloadMedia();
      expect(media.data === data).toBe(true);
      expect(media).toMatchObject({ mimetype: 'application/pdf', filename: 'a.pdf', filesize: 4_000_000 });
      expect(evaluate).not.toHaveBeenCalled();
    } finally {
      evaluate.mockRestore();
    }
  });
}

export function specifySentMedia(opened: () => AttachedPage): void {
  it('media of several megabytes go out as they were given, and never cross as one value', async () => {
    const { phone } = opened();
    const data = randomBytes(4_000_000).toString('base64');
    const message = await hear(opened(), () => phone.receiveText({ from: newNumber(), body: 'the plan, please' }));
    const stringify = vi.spyOn(JSON, 'stringify');
    try {
      await message.reply(new MessageMedia('application/pdf', data, 'plan.pdf'), undefined, { caption: 'here' });
      const longest = Math.max(
        ...stringify.mock.results.map(({ value }) => (value as string | undefined)?.length ?? 0),
      );
      expect(longest).toBeLessThan(1_100_000);
    } finally {
      stringify.mockRestore();
    }
    const sent = await phone.waitForSent(({ quotedMessageId }) => quotedMessageId === message.id._serialized);
    expect(sent).toMatchObject({ body: 'here', media: { mimetype: 'application/pdf', filename: 'plan.pdf' } });
    expect(sent.media?.data === data).toBe(true);
  });
}

interface Live {
  readonly id: string;
  /** What the page has given to the library's listener. */
  readonly raw: object;
}

async function live(attached: AttachedPage, receive: Receive): Promise<Live> {
  const message = await hear(attached, () => receive(attached));
  return { id: message.id._serialized, raw: (message as unknown as { rawData: object }).rawData };
}

/** What was received while there was no page. */
async function missed({ reload }: AttachedPage, receive: () => Promise<{ id: string }>): Promise<{ id: string }> {
  const receipt = { id: '' };
  await reload(async () => Object.assign(receipt, await receive()));
  return receipt;
}

async function models(page: AttachedPage['page'], ids: readonly string[]): Promise<unknown[]> {
  const texts = await readModels(page, ids, timeoutMs);
  return texts.map((text) => (text === null ? null : (JSON.parse(text) as unknown)));
}
