import { expect, it } from 'vitest';

import { type Bot, defineBot } from '../../bot/define-bot.js';

it('hands a bot back as it is', () => {
  const bot: Bot = { onMessage: () => undefined, setup: () => undefined };
  expect(defineBot(bot)).toBe(bot);
  expect(defineBot({ setup: () => undefined })).toHaveProperty('setup');
});

it.each<[string, object, string]>([
  ['without a handler', {}, 'give onMessage'],
  ['with a misspelt one', { onMesage: () => undefined }, 'give onMessage'],
  ['with one that is no function', { onMessage: 'pong' }, 'must be functions'],
  [
    'that handles what there isn’t',
    { onMessage: () => undefined, handles: { statuses: true } },
    'handles takes status',
  ],
  ['that handles in words', { onMessage: () => undefined, handles: { status: 'yes' } }, 'handles takes status'],
  ['that handles everything', { onMessage: () => undefined, handles: true }, 'handles takes status'],
  ['with one that is null', { onMessage: () => undefined, setup: null }, 'must be functions'],
])('refuses a bot %s where it is defined', (_name, bot, complaint) => {
  expect(() => defineBot(bot as Bot)).toThrow(complaint);
  expect(() => defineBot(bot as Bot)).toThrow(TypeError);
});
