import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { optionKeys, options } from '../../shared/configuration/options.js';
import type { ListedConfiguration } from '../../shared/displays/describe-configuration.js';
import { WasupError } from '../../shared/errors.js';
import { execute } from '../../supervisor/commands.js';
import { samples } from '../support/configuration.js';

let printed: string;
let folder: string;

beforeEach(async () => {
  printed = '';
  folder = await mkdtemp(join(tmpdir(), 'wasup-config-'));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  for (const name of Object.keys(process.env)) if (name.startsWith('WASUP_')) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it('prints the configuration of a run with the same flags, and needs no account for it', async () => {
  vi.stubEnv('WASUP_HTTP_TOKEN', '0123456789abcdef');
  expect(await execute(['config', '--quiet-ms', '5000'])).toBe(0);
  expect(printed).toMatch(/^ {2}quietMs +5000 ms +--quiet-ms$/m);
  expect(printed).toMatch(/^ {2}http\.token +\*\*\* +WASUP_HTTP_TOKEN$/m);
  expect(printed).not.toContain('0123456789abcdef');
});

it('takes every flag that a run takes, and prints JSON for programs', async () => {
  await writeFile(join(folder, 'bot.js'), '');
  const flags = optionKeys.flatMap((key) => [options[key].flag, samples[key]]);
  expect(await execute(['config', '--json', ...flags])).toBe(0);
  const listed = JSON.parse(printed) as ListedConfiguration;
  for (const key of optionKeys) {
    expect(listed.options[key].origin).toEqual({ from: 'flag', name: options[key].flag });
  }
  expect(listed.options['http.token'].value).toBe('***');
});

it('ends like a run when the configuration is wrong, and prints nothing', async () => {
  const error: unknown = await execute(['config', '--breaker-window-ms', '1000']).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WasupError);
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining('never open') as string });
  expect(printed).toBe('');
});
