import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { importAfresh } from '../../../shared/configuration/import-afresh.js';

describe('a module that is loaded afresh', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-import-'));
    path = join(folder, 'wasup.config.mjs');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is what the file says now, and what the files say that it imports', async () => {
    await writeFile(path, "import { port } from './port.mjs'; export default { accounts: ['1'], http: { port } };");
    await writeFile(join(folder, 'port.mjs'), 'export const port = 1;');
    expect(await importAfresh(path)).toEqual({ default: { accounts: ['1'], http: { port: 1 } } });
    await writeFile(join(folder, 'port.mjs'), 'export const port = 2;');
    expect(await importAfresh(path)).toEqual({ default: { accounts: ['1'], http: { port: 2 } } });
    await writeFile(path, 'export const accounts = [];');
    expect(await importAfresh(path)).toEqual({});
  });

  it('may set variables for all of the process, as dotenv does', async () => {
    await writeFile(path, "process.env['IMPORTED_AFRESH'] = 'yes'; export default {};");
    try {
      await importAfresh(path);
      expect(process.env['IMPORTED_AFRESH']).toBe('yes');
    } finally {
      delete process.env['IMPORTED_AFRESH'];
    }
  });

  it.each([
    ['throws', 'throw new TypeError("no such thing");', 'no such thing'],
    ['is no JavaScript', 'export default {', 'Unexpected end of input'],
    ['is not there', undefined, 'Cannot find module'],
    ['exports a function', 'export default { accounts: () => [] };', 'could not be cloned'],
    ['ends its process', 'process.exit(0);', 'it ended before it had loaded'],
    ['waits for nothing', 'await new Promise(() => {});', 'it ended before it had loaded'],
  ])('is an error that says so when it %s', async (_what, text, message) => {
    if (text !== undefined) await writeFile(path, text);
    await expect(importAfresh(path)).rejects.toThrow(message);
  });

  it('is given up when it takes too long', async () => {
    await writeFile(path, 'setInterval(() => {}, 1000); await new Promise(() => {});');
    await expect(importAfresh(path, 500)).rejects.toThrow('Loading it took longer than 500 ms');
  });
});
