import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the fixture prints about a module: Node loads it there, and not the test runner, which has a loader of its own. */
type Outcome = { readonly loaded: readonly string[] } | { readonly failure: Failure };

interface Failure {
  readonly class: string;
  readonly message: string;
  readonly userAction: string | null;
  readonly cause: string | undefined;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-bots-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a bot module', () => {
  it.each([
    ['of ECMAScript', 'bot.mjs', 'export default { onMessage() {} };'],
    ['of CommonJS', 'bot.cjs', 'module.exports = { onMessage() {} };'],
    [
      'of CommonJS that was ECMAScript before it was transpiled',
      'transpiled.cjs',
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { onMessage() {} };',
    ],
    ['with setup alone', 'setup.mjs', 'export default { setup() {} };'],
    ['with a handler and more', 'more.mjs', 'export default { onMessage() {}, name: "mine" };'],
    ['that takes its time to load', 'slow.mjs', 'await new Promise(setImmediate); export default { onMessage() {} };'],
    ['in a folder with spaces and signs', 'a b#c%20d/bot.mjs', 'export default { onMessage() {} };'],
  ])('%s is loaded', async (_name, name, source) => {
    expect(await load(await write(name, source))).toHaveProperty('loaded');
  });

  it('that comes with wasup is loaded', async () => {
    const path = fileURLToPath(new URL('../../dist/bot/index.js', import.meta.url));
    expect(await load(path)).toEqual({ loaded: ['onMessage'] });
  });

  it.each([
    ['is a function', 'export default () => undefined;'],
    ['is nothing', 'export const bot = { onMessage() {} };'],
    ['is null', 'export default null;'],
    ['has no handler', 'export default { onMesage() {} };'],
    ['has a handler that is no function', 'export default { onMessage: "pong" };'],
    ['has a setup that is no function', 'export default { onMessage() {}, setup: true };'],
  ])('whose default export %s is refused, with the way to mend it', async (name, source) => {
    const path = await write(`${name}.mjs`, source);
    const failure = await failureOf(path);
    expect(failure.message).toBe(`The bot ${path} has no default export made by defineBot().`);
    expect(failure.userAction).toContain('defineBot');
  });
});

describe('a bot module that can’t be loaded', () => {
  it('is refused with file and line of a syntax error', async () => {
    const path = await write('syntax.mjs', 'export default {\n  onMessage() {\n    return (;\n  },\n};\n');
    const failure = await failureOf(path);
    expect(failure.message).toContain('Unexpected token');
    expect(failure.message).toContain('syntax.mjs:3');
  });

  it('is refused with file and line of a syntax error in what it imports', async () => {
    await write('part.mjs', '\nexport const = 1;\n');
    const path = await write('whole.mjs', "import './part.mjs';\nexport default { onMessage() {} };\n");
    expect((await failureOf(path)).message).toContain('part.mjs:2');
  });

  it('is tried again when it threw an error of its own: what it lacks may be there in a minute', async () => {
    const path = await write('throws.mjs', 'const token = undefined;\n\nthrow new Error("TOKEN is not set");\n');
    const failure = await failureOf(path, 'BUG');
    expect(failure.message).toContain('TOKEN is not set');
    expect(failure.message).toContain('throws.mjs:3');
    expect(failure.cause).toBe('TOKEN is not set');
  });

  it('is tried again when it threw something odd', async () => {
    expect((await failureOf(await write('string.mjs', 'throw "no";'), 'BUG')).message).toContain('no');
    expect((await failureOf(await write('nothing.mjs', 'throw undefined;'), 'BUG')).message).toContain('undefined');
  });

  it.each([
    [
      'the network, which fetch() tells as a TypeError',
      "import { createServer } from 'node:net'; const server = createServer().listen(0, '127.0.0.1'); await new Promise((listen) => server.once('listening', listen)); const { port } = server.address(); await new Promise((closed) => server.close(closed)); await fetch(`http://127.0.0.1:${port}/`);",
      'fetch failed',
    ],
    [
      'a service that all its addresses refuse',
      "import { connect } from 'node:net'; const error = new TypeError('no database'); error.cause = await new Promise((tell) => connect({ port: 1, host: 'localhost' }).once('error', tell)); throw error;",
      'no database',
    ],
    [
      'a system that has no files left',
      "throw new TypeError('wrapped', { cause: Object.assign(new Error('x'), { code: 'EMFILE', syscall: 'open' }) });",
      'wrapped',
    ],
  ])('is tried again when it lacks %s', async (_name, source, words) => {
    expect((await failureOf(await write('weather.mjs', source), 'BUG')).message).toContain(words);
  });

  it.each([
    ['a name that doesn’t exist', 'nothing.called();'],
    ['a call of what is no function', 'undefined.called();'],
  ])('is refused because of %s: that comes again with each try', async (_mistake, source) => {
    await failureOf(await write('mistake.mjs', source));
  });

  it('is refused with the name of the package that it misses', async () => {
    const failure = await failureOf(await write('package.mjs', "import 'no-such-package';"));
    expect(failure.message).toContain('no-such-package');
  });

  it('is refused by its path when it isn’t there', async () => {
    const path = join(folder, 'missing.mjs');
    expect((await failureOf(path)).message).toContain(path);
  });

  it('is refused when it is a folder', async () => {
    await mkdir(join(folder, 'folder'));
    expect((await failureOf(join(folder, 'folder'))).message).toContain(join(folder, 'folder'));
  });
});

async function write(name: string, source: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, source);
  return path;
}

async function failureOf(path: string, failureClass = 'CONFIGURATION'): Promise<Failure> {
  const outcome = await load(path);
  if (!('failure' in outcome)) throw new Error(`${path} was loaded`);
  expect(outcome.failure.class).toBe(failureClass);
  expect(outcome.failure.userAction).not.toBeNull();
  return outcome.failure;
}

async function load(path: string): Promise<Outcome> {
  const fixture = fileURLToPath(new URL('fixtures/load-bot.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [fixture, path]);
  return JSON.parse(stdout) as Outcome;
}
