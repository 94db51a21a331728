import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { optionKeys, options } from '../../../shared/configuration/options.js';
import { describeOptionGroups } from '../../support/describe-options.js';

const page = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

it.each(describeOptionGroups())(
  'docs/configuration.md has the table "$title" as the options are',
  ({ title, lines }) => {
    const [, section = ''] = page.split(`\n### ${title}\n\n`);
    const [table = ''] = section.trimEnd().split('\n\n', 1);
    expect(withoutPadding(table)).toBe(lines.join('\n'));
  },
);

it('every option stands in one table, and no table is left over', () => {
  const rows = page.split('\n').filter((line) => /^\| `[a-z][A-Za-z.]+` +\| `[A-Z_]+` `--/.test(line));
  expect(rows).toHaveLength(optionKeys.length);
  expect(page.match(/^### /gm)).toHaveLength(describeOptionGroups().length);
});

it('a sentence is one, and names and flags are taken once', () => {
  for (const key of optionKeys) expect(options[key].sentence, key).toMatch(/^[A-Z].*[^.]\.$/);
  for (const name of ['environmentName', 'flag'] as const) {
    expect(new Set(optionKeys.map((key) => options[key][name])).size).toBe(optionKeys.length);
  }
});

function withoutPadding(table: string): string {
  return table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '-');
}
