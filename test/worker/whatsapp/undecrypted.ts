import { expect, it } from 'vitest';

import type { Message } from '../../../worker/whatsapp/library.js';
import type { AttachedPage } from './attached-page.js';
import { chatOf, list, seconds } from './list.js';
import { newNumber } from './new-number.js';

export function specifyUndecrypted(opened: () => AttachedPage): void {
  /** Comes while there is no page, and is to be read long after the test only. */
  const missUndecrypted = async (from: string): Promise<{ id: string; t: number; since: number }> => {
    const { phone, reload } = opened();
    const since = seconds();
    const come = { id: '', t: 0, since };
    await reload(async () => {
      const { id, timestamp } = await phone.receiveText({ from, body: 'secret', decryptedAfterMs: 600_000 });
      Object.assign(come, { id, t: timestamp });
    });
    return come;
  };

  it('is told apart from what can be read', async () => {
    const { phone } = opened();
    const from = newNumber();
    const { id, t, since } = await missUndecrypted(from);
    const readable = await phone.receiveText({ from, body: 'readable' });
    await phone.waitForAck(readable.id, 2);
    expect(chatOf(await list(opened(), since), `${from}@c.us`)).toEqual({
      chat: `${from}@c.us`,
      messages: [{ id: readable.id, t: readable.timestamp }],
      undecrypted: [{ id, t }],
      lacks: null,
    });
  });

  it('is told of as a message of its own once it can be read: once, however often it was listed', async () => {
    const { page } = opened();
    const from = newNumber();
    const { id, since } = await missUndecrypted(from);
    for (let round = 0; round < 3; round += 1) await list(opened(), since);
    const heard = await hearFrom(opened(), from, () => decrypt(page, id));
    expect(heard.map(({ id: key, body }) => [key._serialized, body])).toEqual([[id, 'read at last']]);
    expect(chatOf(await list(opened(), since), `${from}@c.us`)).toMatchObject({
      messages: expect.arrayContaining([expect.objectContaining({ id })]) as unknown,
      undecrypted: [],
      lacks: null,
    });
  });

  it('is told of again by nobody when it turns out to have been taken back', async () => {
    const { page } = opened();
    const from = newNumber();
    const { id, since } = await missUndecrypted(from);
    await list(opened(), since);
    expect(await hearFrom(opened(), from, () => decrypt(page, id, 'revoked'))).toEqual([]);
  });
}

/** What the client tells of from somebody while something happens, but for the message that marks the end. */
async function hearFrom(
  { client, phone }: AttachedPage,
  from: string,
  act: () => Promise<unknown>,
): Promise<readonly Message[]> {
  const heard: Message[] = [];
  const ended = new Promise<void>((resolve) => {
    client.on('message', (message) => {
      if (message.from !== `${from}@c.us`) return;
      if (message.body === 'the end') resolve();
      else heard.push(message);
    });
  });
  try {
    await act();
    await phone.receiveText({ from, body: 'the end' });
    await ended;
    return heard;
  } finally {
    client.removeAllListeners('message');
  }
}

async function decrypt(page: AttachedPage['page'], id: string, type = 'chat'): Promise<void> {
  const attributes = JSON.stringify({ type, body: 'read at last' });
  await page.evaluate(`require('WAWebCollections').Msg.get('${id}').set(${attributes}); 0`);
}
