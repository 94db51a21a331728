import { once } from 'node:events';

import type { SandboxOptions } from '../../../sandbox/index.js';
import type { HistoryInput } from '../../../sandbox/seed-history.js';
import { createOutput } from '../../../shared/logger.js';
import { AttachedClient } from '../../../worker/whatsapp/attached-client.js';
import type { Message } from '../../../worker/whatsapp/library.js';
import { PageEvidence } from '../../../worker/whatsapp/page-evidence.js';
import { StoredLoginStrategy } from '../../../worker/whatsapp/stored-login-strategy.js';
import { until } from '../../support/until.js';
import { type LinkedPage, load, openLinkedPage } from '../linked-page.js';

const timeoutMs = 60_000;

/** A page of the emulated WhatsApp to which a worker's client is attached. */
export interface AttachedPage extends LinkedPage {
  readonly client: AttachedClient;
  /**
   * Loads WhatsApp Web anew and attaches the client to it.
   *
   * @param meanwhile happens while there is no page.
   */
  readonly reload: (meanwhile?: () => Promise<unknown>) => Promise<void>;
}

/** @param prepare an expression that is evaluated in each document before the library's listeners are attached. */
export async function openAttachedPage(
  options: SandboxOptions,
  { history, prepare }: { readonly history: HistoryInput; readonly prepare: string },
): Promise<AttachedPage> {
  const linked = await openLinkedPage(options, history);
  const { browser, page, phone } = linked;
  // The library is there when the next document syncs.
  phone.sync({});
  const client = new AttachedClient({
    incarnation: 1,
    strategy: new StoredLoginStrategy('restore', () => undefined),
    authTimeoutMs: timeoutMs,
    evidence: new PageEvidence(),
    log: createOutput({ level: 'silent', format: 'json' }).log,
  });
  const attach = async (): Promise<void> => {
    await page.evaluate(prepare);
    const ready = once(client, 'ready', { signal: AbortSignal.timeout(timeoutMs) });
    await client.inject();
    await ready;
    await phone.waitFor('synced');
  };
  await client.open(browser, page, timeoutMs);
  await attach();
  return {
    ...linked,
    client,
    reload: async (meanwhile) => {
      await page.goto('about:blank');
      await phone.waitFor('offline');
      await meanwhile?.();
      await load(page);
      await attach();
    },
  };
}

/** The message that is received, as the client's listeners get it. */
export async function hear({ client }: AttachedPage, receive: () => Promise<{ id: string }>): Promise<Message> {
  const heard: Message[] = [];
  const listener = (message: Message): void => void heard.push(message);
  client.on('message', listener);
  try {
    const { id } = await receive();
    return await until(() => heard.find((message) => message.id._serialized === id), {
      expectation: () => `the message ${id}`,
    });
  } finally {
    client.off('message', listener);
  }
}
