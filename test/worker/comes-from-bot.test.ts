import { describe, expect, it } from 'vitest';

import { comesFromBot } from '../../worker/comes-from-bot.js';

const bot = '/srv/my bot/index.js';
const puppeteer =
  'at async CdpFrame.evaluate (/srv/my bot/node_modules/puppeteer-core/lib/cjs/puppeteer/cdp/Frame.js:1:1)';

describe('an error', () => {
  it.each([
    ['in the module, by its path', 'at answer (/srv/my bot/index.js:3:9)'],
    ['in the module, by its address', 'at answer (file:///srv/my%20bot/index.js:3:9)'],
    ['in a module beside it', 'at connect (file:///srv/my%20bot/lib/database.js:3:9)'],
    ['in what it depends on', 'at Connection.onSocketClose (/srv/my bot/node_modules/amqplib/lib/connection.js:3:9)'],
  ])('comes from the bot when it was made %s', (_name, call) => {
    expect(comesFromBot(errorMadeBy(call, 'at Socket.emit (node:events:524:28)'), bot)).toBe(true);
  });

  it.each([
    ['puppeteer was asked by the bot', ['at answer (/srv/my bot/index.js:3:9)', puppeteer]],
    ['whatsapp-web.js was', ['at Client.a (/srv/my bot/node_modules/whatsapp-web.js/src/Client.js:1:1)']],
    ['it was made elsewhere', ['at start (file:///opt/other/index.js:1:1)']],
    ['nobody’s code is in the stack', ['at TCPConnectWrap.afterConnect (node:net:1607:16)']],
  ])('does not when %s', (_name, calls) => {
    expect(comesFromBot(errorMadeBy(...calls), bot)).toBe(false);
  });

  it('does not when it was made by the worker, even if the bot lies in the same folder', () => {
    const worker = new URL('../../worker/session.js', import.meta.url);
    const beside = new URL('../../my-bot.js', import.meta.url).pathname;
    expect(comesFromBot(errorMadeBy(`at run (${worker.href}:1:1)`), beside)).toBe(false);
    expect(comesFromBot(errorMadeBy(`at run (${worker.href}:1:1)`, `at setup (${beside}:1:1)`), beside)).toBe(true);
  });

  it('is no error when it is a string: the library throws those', () => {
    expect(comesFromBot('auth timeout', bot)).toBe(false);
  });
});

function errorMadeBy(...calls: string[]): Error {
  const error = new Error('Connection closed: 320');
  error.stack = [`Error: ${error.message}`, ...calls.map((call) => `    ${call}`)].join('\n');
  return error;
}
