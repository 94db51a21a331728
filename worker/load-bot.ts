import { pathToFileURL } from 'node:url';

import type { Bot } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import { WorkerFailure } from './worker-failure.js';

/**
 * Loads a bot module and checks its shape.
 *
 * @throws WorkerFailure of class CONFIGURATION that says in a sentence what is wrong with the module.
 */
export async function loadBot(path: string): Promise<Bot> {
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw new WorkerFailure('CONFIGURATION', `The bot ${path} could not be loaded: ${whereAndWhat(error)}`, {
      userAction: 'Mend the bot module, then start again.',
      cause: error,
    });
  }
  const bot = unwrap(loaded.default);
  if (bot === undefined) {
    throw new WorkerFailure('CONFIGURATION', `The bot ${path} has no default export made by defineBot().`, {
      userAction: "Add `export default defineBot({ onMessage(message, ctx) { … } })` with defineBot from 'wasup'.",
    });
  }
  return bot;
}

/** A CommonJS module that was transpiled from ESM carries its default once more inside. */
function unwrap(exported: unknown): Bot | undefined {
  if (typeof exported !== 'object' || exported === null) return undefined;
  if ('default' in exported && !('onMessage' in exported) && !('setup' in exported)) return unwrap(exported.default);
  const handlers: unknown[] = [Reflect.get(exported, 'onMessage'), Reflect.get(exported, 'setup')];
  const known = handlers.filter((handler) => typeof handler === 'function');
  const valid = known.length > 0 && handlers.every((handler) => handler === undefined || typeof handler === 'function');
  return valid ? exported : undefined;
}

/** A syntax error's own place is in the first lines of its stack, and only there. */
function whereAndWhat(error: unknown): string {
  const text = describeError(error);
  if (!(error instanceof Error) || error.stack === undefined) return text;
  const lines = error.stack.split('\n');
  const place =
    error instanceof SyntaxError
      ? lines[0]
      : lines.find((line) => line.trimStart().startsWith('at ') && !line.includes('node:internal'));
  if (place === undefined || place.includes(text)) return text;
  return `${text} (${place.trim().replace(/^at /, '')})`;
}
