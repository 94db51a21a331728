import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deferModules } from '../../worker/whatsapp/defer-modules.js';

const state = globalThis as unknown as { timesLoaded: number };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-test-'));
  writeFileSync(
    join(folder, 'rare.cjs'),
    `globalThis.timesLoaded += 1;
     module.exports = Object.assign(function add(one, other) { return one + other; }, { Kind: class { is = 'made'; }, colour: 'red' });`,
  );
  writeFileSync(
    join(folder, 'asks.cjs'),
    `const rare = require('./rare.cjs'); module.exports = { rare, absent: require('./absent.cjs') };`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Asks {
  readonly rare: ((one: number, other: number) => number) & { colour: string; readonly Kind: new () => { is: string } };
  readonly absent: { readonly anything: unknown };
}

test('a module that is deferred is loaded with its first use, once, and does all that it does', () => {
  state.timesLoaded = 0;
  const require = createRequire(join(folder, 'main.cjs'));
  const { rare, absent } = deferModules(['./rare.cjs', './absent.cjs'], () => require('./asks.cjs') as Asks);
  expect(state.timesLoaded).toBe(0);
  expect(rare(1, 2)).toBe(3);
  expect(new rare.Kind().is).toBe('made');
  rare.colour = 'blue';
  expect([rare.colour, 'Kind' in rare]).toEqual(['blue', true]);
  expect(state.timesLoaded).toBe(1);
  expect(() => absent.anything).toThrow(/Cannot find module/);
});

test('whoever asks later gets the module itself', () => {
  const require = createRequire(join(folder, 'main.cjs'));
  deferModules(['./rare.cjs'], () => undefined);
  expect((require('./rare.cjs') as Asks['rare']).colour).toBe('blue');
});
