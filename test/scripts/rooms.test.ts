import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

/** The table in ARCHITECTURE.md, as lint sees it. */
const eslint = new ESLint();

async function isAllowed(file: string, source: string): Promise<boolean> {
  const [result] = await eslint.lintText(`${source}\n`, { filePath: file });
  return !result?.messages.some(({ message }) => /must not import|Only worker\/whatsapp/.test(message));
}

test.each([
  ['supervisor/run.ts', `export { x } from '../shared/paths.js';`],
  ['supervisor/commands.ts', `export const x = import('../sandbox/command.js');`],
  ['supervisor/sandbox-demonstration.ts', `export { x } from '../sandbox/index.js';`],
  ['worker/session.ts', `export { x } from '../shared/paths.js';`],
  ['worker/session.ts', `export type { Bot } from '../bot/define-bot.js';`],
  ['worker/whatsapp/bring-up.ts', `export { x } from 'whatsapp-web.js';`],
  ['sandbox/state-file.ts', `export { x } from '../shared/files/write-file-atomically.js';`],
])('%s may say %s', async (file, source) => {
  expect(await isAllowed(file, source)).toBe(true);
});

test.each([
  ['supervisor/run.ts', `export { x } from '../worker/session.js';`],
  ['supervisor/run.ts', `export { x } from '../sandbox/index.js';`],
  ['supervisor/run.ts', `export { x } from '../bot/define-bot.js';`],
  ['supervisor/run.ts', `export const x = import('../worker/session.js');`],
  ['supervisor/run.ts', `export { x } from 'puppeteer';`],
  ['supervisor/commands.ts', `export { x } from '../worker/session.js';`],
  ['supervisor/sandbox-demonstration.ts', `export { x } from '../bot/define-bot.js';`],
  ['worker/session.ts', `export { x } from '../supervisor/run.js';`],
  ['worker/session.ts', `export { x } from '../bot/define-bot.js';`],
  ['worker/session.ts', `export { x } from 'whatsapp-web.js';`],
  ['worker/whatsapp/bring-up.ts', `export { x } from '../../sandbox/index.js';`],
  ['worker/whatsapp/bring-up.ts', `export { x } from '../../bot/define-bot.js';`],
  ['shared/paths.ts', `export { x } from '../bot/define-bot.js';`],
  ['shared/files/json-file.ts', `export { x } from '../../sandbox/index.js';`],
  ['sandbox/state-file.ts', `export { x } from '../shared/paths.js';`],
  ['sandbox/state-file.ts', `export { x } from '../shared/files/json-file.js';`],
  ['sandbox/control/client.ts', `export { x } from '../../bot/define-bot.js';`],
  ['bot/index.ts', `export { x } from '../shared/paths.js';`],
])('%s may not say %s', async (file, source) => {
  expect(await isAllowed(file, source)).toBe(false);
});
