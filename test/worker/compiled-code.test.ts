import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type CompiledCode,
  type LoadedModule,
  loadWithCode,
  readCode,
  serializeCode,
} from '../../worker/whatsapp/compiled-code.js';

let folder: string;
let codePath: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-test-'));
  codePath = join(folder, 'libraries.code');
  write('inner.cjs', `exports.answer = () => 42;`);
  write(
    'outer.cjs',
    `const { answer } = require('./inner.cjs'); exports.answer = answer; exports.load = (name) => import(name);
    exports.knows = { file: __filename, folder: __dirname, resolves: require.resolve('./inner.cjs'), self: this === exports };`,
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

interface Outer {
  answer(): number;
  load(name: string): Promise<{ default: unknown }>;
  readonly knows: unknown;
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** As another process would. */
function load(code: CompiledCode): { outer: Outer; modules: LoadedModule[] } {
  const require = createRequire(join(folder, 'main.cjs'));
  for (const path of Object.keys(require.cache))
    if (path.startsWith(folder)) Reflect.deleteProperty(require.cache, path);
  const modules: LoadedModule[] = [];
  const outer = loadWithCode(
    code,
    () => require('./outer.cjs') as Outer,
    (module) => modules.push(module),
  );
  return { outer, modules };
}

function keepCode(): CompiledCode {
  writeFileSync(codePath, serializeCode(load(new Map()).modules));
  return readCode(codePath);
}

test('modules are taken from what was compiled before, and are what they were', async () => {
  const { outer, modules } = load(keepCode());
  expect(modules.map(({ path, script }) => [path, script.cachedDataRejected])).toEqual([
    [join(folder, 'outer.cjs'), false],
    [join(folder, 'inner.cjs'), false],
  ]);
  expect(outer.answer()).toBe(42);
  expect(outer.knows).toEqual({
    file: join(folder, 'outer.cjs'),
    folder,
    resolves: join(folder, 'inner.cjs'),
    self: true,
  });
  write('later.mjs', 'export default 7;');
  expect((await outer.load('./later.mjs')).default).toBe(7);
});

test('a source that has changed is compiled anew, also one of the same length', () => {
  const code = keepCode();
  write('inner.cjs', `exports.answer = () => 43;`);
  const { outer, modules } = load(code);
  expect(outer.answer()).toBe(43);
  expect(modules.map(({ script }) => script.cachedDataRejected)).toEqual([false, undefined]);
});

test.each([
  ['there is none', undefined],
  ['it is empty', ''],
  ['it is something else', '{}\nabc'],
  ['it was cut off', `[["/a.cjs",1,1000]]\nabc`],
])('without a file of compiled code everything works: %s', (_, text) => {
  if (text !== undefined) writeFileSync(codePath, text);
  expect(load(readCode(codePath)).outer.answer()).toBe(42);
});

test('what is damaged is compiled anew', () => {
  const code = keepCode();
  for (const { data } of code.values()) data.fill(0);
  expect(load(code).outer.answer()).toBe(42);
});

test('whoever loads afterwards is left alone', () => {
  const require = createRequire(join(folder, 'main.cjs'));
  const { modules } = load(new Map());
  write('bot.cjs', 'exports.name = "bot";');
  require('./bot.cjs');
  expect(modules).toHaveLength(2);
});
