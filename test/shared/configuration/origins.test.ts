import { expect, it } from 'vitest';

import { compileConfiguration } from '../../../shared/configuration/compile-configuration.js';
import { optionKeys } from '../../../shared/configuration/options.js';
import { describeConfiguration, listConfiguration } from '../../../shared/displays/describe-configuration.js';
import { type Given, inFile, sources } from '../../support/configuration.js';

const token = '0123456789abcdef';
const given: Given = {
  ...inFile({
    accounts: ['14155550100', { number: '491701234567', authMethod: 'code' }],
    http: { port: 1001, token },
    log: { level: 'warn' },
  }),
  environment: { WASUP_LOG_LEVEL: 'debug', WASUP_STANDBY: '', PUPPETEER_EXECUTABLE_PATH: '/opt/chrome' },
  flags: { httpHost: '::1', logFormat: undefined },
};

it('each value says where it came from: the strongest source that has it', async () => {
  const { origins } = await compileConfiguration(sources(given));
  expect(Object.keys(origins).sort()).toEqual([...optionKeys].sort());
  expect(origins).toMatchObject({
    accounts: { from: 'file', name: 'wasup.config.json' },
    'http.host': { from: 'flag', name: '--http-host' },
    'http.port': { from: 'file', name: 'wasup.config.json' },
    'log.level': { from: 'environment', name: 'WASUP_LOG_LEVEL' },
    'browser.executablePath': { from: 'environment', name: 'PUPPETEER_EXECUTABLE_PATH' },
    standby: { from: 'default' },
    'log.format': { from: 'default' },
  });
});

it('a script is named as a script', async () => {
  const { origins } = await compileConfiguration(
    sources({ files: { 'wasup.config.js': { default: { standby: 0 } } } }),
  );
  expect(origins.standby).toEqual({ from: 'file', name: 'wasup.config.js' });
});

it('the table shows each option once, with value and origin, and never a secret', async () => {
  const lines = describeConfiguration(await compileConfiguration(sources(given)));
  const table = lines.slice(0, lines.indexOf('Account 491701234567'));
  for (const key of optionKeys) expect(table.filter((line) => line.startsWith(`  ${key} `))).toHaveLength(1);
  const row = (name: string): string[] =>
    lines
      .find((line) => line.startsWith(`  ${name} `))
      ?.trim()
      .split(/ {2,}/) ?? [];
  expect(row('accounts')).toEqual(['accounts', '14155550100,491701234567', 'wasup.config.json']);
  expect(row('http.token')).toEqual(['http.token', '***', 'wasup.config.json']);
  expect(row('botModule')).toEqual(['botModule', '(the bundled bot)', 'default']);
  expect(row('quietMs')).toEqual(['quietMs', '30000 ms', 'default']);
  expect(row('browser.arguments')).toEqual(['browser.arguments', '(none)', 'default']);
  expect(lines.slice(-2)).toEqual([
    'Account 491701234567',
    expect.stringMatching(/^ {2}authMethod +code +configuration file$/),
  ]);
  expect(lines.join('\n')).not.toContain(token);
});

it('the list for programs has the same, and no secret either', async () => {
  const listed = listConfiguration(await compileConfiguration(sources(given)));
  expect(listed.options['http.token'].value).toBe('***');
  expect(listed.options['http.port']).toEqual({ value: 1001, origin: { from: 'file', name: 'wasup.config.json' } });
  expect(listed.options.botModule.value).toBeNull();
  expect(listed.accounts).toEqual({ '491701234567': { authMethod: 'code' } });
  expect(JSON.stringify(listed)).not.toContain(token);
});

it('a token that isn’t given is not masked as if there were one', async () => {
  const listed = listConfiguration(await compileConfiguration(sources({})));
  expect(listed.options['http.token'].value).toBeNull();
});
