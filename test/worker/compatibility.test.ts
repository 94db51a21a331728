import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { applyPatches, compatibilityPatches } from '../../worker/whatsapp/compatibility/index.js';
import { messageKeyText } from '../../worker/whatsapp/compatibility/message-key-text.js';
import { type LinkedPage, load, openLinkedPage } from './linked-page.js';

const contact = '12025550123';

/** How a message key shows its text, in the page and after it has crossed to this process. */
interface SeenKey {
  /** What `toString()` says, on every build. */
  readonly text: string;
  readonly serialized: string | null;
  readonly isOwnAndEnumerable: boolean;
}

interface Crossed {
  readonly _serialized?: string;
}

/** Where keys are found that the library reads: an expression for one key each. */
const keys = {
  'a stored message': "require('WAWebCollections').Msg.getModelsArray()[0].id",
  'the last message of a chat': "require('WAWebCollections').Chat.getModelsArray()[0].lastReceivedKey",
  'a key that no collection held before the patch, once it was looked at': 'window.earlier',
  'a new key': "new (require('WAWebMsgKey'))({ fromMe: true, remote: '12025550123@c.us', id: 'NEW' })",
  'a key read from its text': "require('WAWebMsgKey').fromString('false_12025550123@c.us_TEXT')",
  'a copy of a key': "require('WAWebCollections').Msg.getModelsArray()[0].id.clone()",
} as const;
const places = Object.keys(keys) as (keyof typeof keys)[];

it('is one patch; another one comes with its test here', () => {
  expect(compatibilityPatches.map(({ name }) => name)).toEqual(['message-key-text']);
});

it.each(compatibilityPatches)('says why $name is there and for which builds', ({ reason, builds }) => {
  expect(reason).toMatch(/\w{3}/);
  expect(builds).toMatch(/\d\.\d{4}\.\d+/);
});

describe('the text of message keys, on WhatsApp Web since July 2026', () => {
  let linked: LinkedPage;
  let page: Page;

  beforeAll(async () => {
    linked = await openLinkedPage({ build: 'current' });
    page = linked.page;
    await page.evaluate(
      "window.earlier = new (require('WAWebMsgKey'))({ fromMe: false, remote: '12025550123@c.us', id: 'EARLIER' })",
    );
  });
  afterAll(() => linked.close());

  describe('before the patch', () => {
    it.each(places)('has no text where the library looks for it: %s', async (place) => {
      expect(await look(page, place)).toMatchObject({ serialized: null, isOwnAndEnumerable: false });
      expect((await cross(page, place))._serialized).toBeUndefined();
    });
  });

  describe('after the patch', () => {
    beforeAll(async () => {
      expect(await applyPatches(page)).toEqual(['message-key-text']);
    });

    it.each(places)('has it in the page: %s', async (place) => {
      const seen = await look(page, place);
      expect(seen).toEqual({ text: seen.text, serialized: seen.text, isOwnAndEnumerable: true });
      expect(seen.text).toMatch(/^(true|false)_\d+@c\.us_\w+$/);
    });

    it.each(places)('brings it along to Node: %s', async (place) => {
      const { text } = await look(page, place);
      expect((await cross(page, place))._serialized).toBe(text);
    });

    it('has it on every message and every chat that the page holds', async () => {
      const without = await page.evaluate(`(() => {
        const { Msg, Chat } = require('WAWebCollections');
        const held = [...Msg.getModelsArray().map(({ id }) => id), ...Chat.getModelsArray().map((chat) => chat.lastReceivedKey)];
        return { held: held.length, without: held.filter((key) => !Object.keys(key).includes('_serialized')).length };
      })()`);
      expect(without).toEqual({ held: 12, without: 0 });
    });

    it('has it on a message that arrives afterwards', async () => {
      const { id } = await linked.phone.receiveText({ from: contact, body: 'hello' });
      await linked.phone.waitForAck(id, 2);
      const crossed = await page.evaluate(
        `require('WAWebCollections').Msg.getModelsArray().find((message) => message.body === 'hello').id`,
      );
      expect(crossed).toMatchObject({ _serialized: id });
    });

    it('lets a message be found by it', async () => {
      const found = `(() => {
        const { Msg } = require('WAWebCollections');
        const [message] = Msg.getModelsArray();
        return Msg.get(message.id._serialized) === message;
      })()`;
      expect(await page.evaluate(found)).toBe(true);
    });

    it('does nothing a second time', async () => {
      expect(await applyPatches(page)).toEqual([]);
      const seen = await look(page, 'a new key');
      expect(seen.serialized).toBe(seen.text);
    });

    it('is put in place again in a page that was reloaded', async () => {
      await load(page);
      expect(await look(page, 'a new key')).toMatchObject({ serialized: null });
      expect(await applyPatches(page)).toEqual(['message-key-text']);
      const seen = await look(page, 'a new key');
      expect(seen.serialized).toBe(seen.text);
    });
  });

  describe('on a build that nobody has seen yet', () => {
    it('follows the text to whatever it is called next', async () => {
      await defineKeys(page, 'class { constructor() { this.aB$9 = "text"; } toString() { return this.aB$9; } }');
      expect(await page.evaluate(messageKeyText.beforeInjection ?? never)).toBe(true);
      expect(await page.evaluate("new (window.require('WAWebMsgKey'))()")).toEqual({
        aB$9: 'text',
        _serialized: 'text',
      });
    });

    it('leaves keys alone whose text it can’t find', async () => {
      await defineKeys(page, 'class { #text = "text"; toString() { return this.#text; } }');
      expect(await page.evaluate(messageKeyText.beforeInjection ?? never)).toBe(false);
      expect(await page.evaluate("'_serialized' in new (window.require('WAWebMsgKey'))()")).toBe(false);
    });
  });
});

describe('the text of message keys, on WhatsApp Web before July 2026', () => {
  let linked: LinkedPage;
  let page: Page;

  beforeAll(async () => {
    linked = await openLinkedPage({ build: 'legacy' });
    page = linked.page;
    await page.evaluate(
      "window.earlier = new (require('WAWebMsgKey'))({ fromMe: false, remote: '12025550123@c.us', id: 'EARLIER' })",
    );
  });
  afterAll(() => linked.close());

  it('is there without a patch, and none is applied', async () => {
    const before = await page.evaluate(describeKeyClass);
    expect(await applyPatches(page)).toEqual([]);
    expect(await page.evaluate(describeKeyClass)).toEqual(before);
    for (const place of places) {
      const seen = await look(page, place);
      expect(seen).toEqual({ text: seen.text, serialized: seen.text, isOwnAndEnumerable: true });
    }
  });
});

const describeKeyClass = "Object.getOwnPropertyNames(require('WAWebMsgKey').prototype).sort()";

async function look(page: Page, place: keyof typeof keys): Promise<SeenKey> {
  const seen = await page.evaluate(`((key) => ({
    text: String(key),
    serialized: key._serialized ?? null,
    isOwnAndEnumerable: Object.keys(key).includes('_serialized'),
  }))(${keys[place]})`);
  return seen as SeenKey;
}

async function cross(page: Page, place: keyof typeof keys): Promise<Crossed> {
  return (await page.evaluate(keys[place])) as Crossed;
}

/** A page in which message keys are made by this class, with nothing of WhatsApp's own. */
async function defineKeys(page: Page, keyClass: string): Promise<void> {
  await page.evaluate(`(() => {
    const keys = ${keyClass};
    const nothing = { getModelsArray: () => [] };
    window.require = (name) => (name === 'WAWebMsgKey' ? keys : { Msg: nothing, Chat: nothing });
  })()`);
}

function never(): boolean {
  throw new Error('this patch works in the page');
}
