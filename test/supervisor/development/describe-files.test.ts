import { expect, it } from 'vitest';

import { describeFiles } from '../../../supervisor/development/describe-files.js';

it.each([
  [['/w/bot/index.ts'], 'bot/index.ts'],
  [['/w/bot/index.ts', '/home/me/bot.js'], 'bot/index.ts, /home/me/bot.js'],
  [['/w/a.ts', '/w/b.ts', '/w/c.ts', '/w/d.ts', '/w/e.ts'], 'a.ts, b.ts, c.ts and 2 more'],
])('%j are "%s"', (files, text) => {
  expect(describeFiles(files, '/w')).toBe(text);
});
