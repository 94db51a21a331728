import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';

import type { Bot } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import { WorkerFailure } from './worker-failure.js';

/** A file and a line, alone on their own line. */
const placePattern = /^(file:\/\/|\/|[A-Z]:\\).*:\d+$/;
const linkTimeoutMs = 5_000;

/**
 * Loads a bot module and checks its shape.
 *
 * @throws WorkerFailure that says in a sentence what is wrong with the module: of class CONFIGURATION where it can't
 * work as it is, BUG where it threw an error of its own while it was loaded. What it lacks then, a database say, may be
 * there in a minute.
 */
export async function loadBot(path: string): Promise<Bot> {
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    const reason = `The bot ${path} could not be loaded: ${await whereAndWhat(error, path)}`;
    if (!isMistake(error)) throw new WorkerFailure('BUG', reason, { userAction: ownErrorAction, cause: error });
    const userAction = 'Mend the bot module, then start again.';
    throw new WorkerFailure('CONFIGURATION', reason, { userAction, cause: error });
  }
  const bot = unwrap(loaded.default);
  if (bot === undefined) {
    throw new WorkerFailure('CONFIGURATION', `The bot ${path} has no default export made by defineBot().`, {
      userAction: "Add `export default defineBot({ onMessage(message, ctx) { … } })` with defineBot from 'wasup'.",
    });
  }
  return bot;
}

const ownErrorAction = 'Mend the bot module, or what it needs while it is loaded; wasup goes on trying.';

/**
 * A mistake in the code or its installation, which comes again with each try: syntax, names, types, missing modules.
 * Pure.
 */
function isMistake(error: unknown): boolean {
  if (isOfSystem(error)) return false;
  if ([SyntaxError, ReferenceError, TypeError].some((kind) => error instanceof kind)) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    code === 'MODULE_NOT_FOUND' ||
    (typeof code === 'string' && /^ERR_[A-Z_]*(MODULE|IMPORT|PACKAGE|SPECIFIER|EXTENSION)/.test(code))
  );
}

/**
 * An error number of the system (`ECONNREFUSED`), or undici's own: `fetch()` throws a TypeError whose cause has one.
 */
const systemCode = /^(E[A-Z0-9]+|UND_ERR_[A-Z_]+)$/;
const maxCauses = 10;

/** Whether an error, or what has caused it, is the network's or the system's: that passes. Pure. */
function isOfSystem(thrown: unknown): boolean {
  let error = thrown;
  for (let causes = 0; causes <= maxCauses && error instanceof Error; causes += 1) {
    if ('code' in error && typeof error.code === 'string' && systemCode.test(error.code)) return true;
    error = error.cause;
  }
  return false;
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

async function whereAndWhat(error: unknown, path: string): Promise<string> {
  const text = describeError(error);
  const place = placeIn(error) ?? (error instanceof SyntaxError ? await placeOfSyntaxError(path) : undefined);
  return place === undefined || text.includes(place) ? text : `${text} (${place})`;
}

/**
 * A syntax error's own place is in the first line of its stack; of anything else it is the first call that isn't
 * Node's.
 */
function placeIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  const lines = error.stack.split('\n');
  const call = lines.find((line) => line.trimStart().startsWith('at ') && !line.includes('node:'));
  const place = error instanceof SyntaxError ? lines.find((line) => placePattern.test(line)) : undefined;
  return place ?? call?.trim().replace(/^at /, '');
}

/**
 * Node tells the place of a syntax error in an ES module to whoever prints it, not to whoever catches it. So another
 * Node is asked to link the same modules; nothing of them runs, since the first of its imports ends it.
 */
async function placeOfSyntaxError(path: string): Promise<string | undefined> {
  const imports = ['data:text/javascript,process.exit(0)', pathToFileURL(path).href];
  const source = imports.map((url) => `import ${JSON.stringify(url)};`).join('\n');
  const words = [...process.execArgv, '--input-type=module', '--eval', source];
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, words, { timeout: linkTimeoutMs }, (_error, _stdout, stderr) => resolve(stderr));
  });
  return said.split('\n').find((line) => placePattern.test(line));
}
