import { once } from 'node:events';

import { warmUpInbox } from '../../shared/inbox/inbox-file.js';
import type { Logger } from '../../shared/logger.js';
import { AttachedClient } from './attached-client.js';
import { type Message, puppeteer } from './library.js';
import { PageEvidence } from './page-evidence.js';
import type { PageCall } from './page-relay.js';
import { readPageState } from './page-state.js';
import { rehearsalBrowser } from './rehearsal-browser.js';
import { StoredLoginStrategy } from './stored-login-strategy.js';

const timeoutMs = 1_000;
const message = {
  id: { fromMe: false, remote: '0@c.us', id: '0', _serialized: 'false_0@c.us_0' },
  type: 'chat',
  body: '',
  from: '0@c.us',
  to: '0@c.us',
  links: [],
  mentionedJidList: [],
  groupMentions: [],
};

/**
 * Goes once through all that a worker does when it takes a page over and answers a first message, before a browser that isn't one: code that
 * has never run takes several times as long. For who waits on standby and has nothing else to do. Nothing comes of it, an error neither.
 */
export async function rehearse(log: Logger): Promise<void> {
  warmUpInbox();
  const call: PageCall = { id: '0:0', name: 'onAddMessageEvent', parameters: [message] };
  const transport = rehearsalBrowser((source) => {
    if (source.includes('wasup.adopt')) return { calls: [JSON.stringify(call)], refused: [] };
    if (source.includes('serialize()')) return { wid: { user: '0', _serialized: '0@c.us' } };
    return undefined;
  });
  const browser = await puppeteer.connect({ transport, defaultViewport: null });
  const target = await browser.waitForTarget((candidate) => (candidate.type() as string) === 'page', {
    timeout: timeoutMs,
  });
  const page = await target.page();
  if (page === null) return;
  const strategy = new StoredLoginStrategy('restore', () => undefined);
  const evidence = new PageEvidence();
  const client = new AttachedClient({ incarnation: 1, strategy, authTimeoutMs: timeoutMs, evidence, log });
  const heard = once(client, 'message', { signal: AbortSignal.timeout(timeoutMs) }) as Promise<[Message]>;
  await client.attach(browser, page, timeoutMs);
  await client.adopt();
  client.release();
  const [first] = await heard;
  await Promise.all([readPageState(page), first.reply('').catch(() => undefined)]);
  await browser.disconnect();
}
