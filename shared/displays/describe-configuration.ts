import { overridableOptions } from '../configuration/account-overrides.js';
import type { Origin } from '../configuration/collect-values.js';
import type { CompiledConfiguration } from '../configuration/compile-configuration.js';
import { type OptionGroup, optionGroups } from '../configuration/option.js';
import { optionValue } from '../configuration/option-value.js';
import { type OptionKey, optionKeys, options } from '../configuration/options.js';
import { mask, redactAll } from '../secrets.js';

export interface ListedConfiguration {
  /** By the option's name in the configuration file. A value that was not given and has no default is null. */
  readonly options: Readonly<Record<OptionKey, { readonly value: unknown; readonly origin: Origin }>>;
  /** By number: what an account has differently, all of it from the file. */
  readonly accounts: CompiledConfiguration['configuration']['accountOverrides'];
}

/** A compiled configuration for programs. Secrets are masked. Pure. */
export function listConfiguration({ configuration, origins }: CompiledConfiguration): ListedConfiguration {
  const entries = optionKeys.map((key) => {
    const value = optionValue(configuration, key) ?? null;
    return [
      key,
      { value: value !== null && options[key].secret === true ? mask : redactAll(value), origin: origins[key] },
    ];
  });
  return {
    options: Object.fromEntries(entries) as ListedConfiguration['options'],
    accounts: redactAll(configuration.accountOverrides) as ListedConfiguration['accounts'],
  };
}

type Row = readonly [name: string, value: string, origin: string];

/** The same as lines for a terminal: a table for each group of options. Pure. */
export function describeConfiguration(compiled: CompiledConfiguration): string[] {
  const listed = listConfiguration(compiled);
  const sections: (readonly [title: string, rows: readonly Row[]])[] = [];
  for (const [group, title] of Object.entries(optionGroups) as [OptionGroup, string][]) {
    const rows = optionKeys
      .filter((key) => options[key].group === group)
      .map((key): Row => [
        key,
        describeValue(key, listed.options[key].value),
        describeOrigin(listed.options[key].origin),
      ]);
    sections.push([title, rows]);
  }
  for (const [number, own] of Object.entries(listed.accounts)) {
    const rows = Object.entries(own).map(([name, value]): Row => {
      return [name, describeValue(overridableOptions[name as keyof typeof own], value), 'configuration file'];
    });
    sections.push([`Account ${number}`, rows]);
  }
  return layOut(sections);
}

function describeValue(key: OptionKey, value: unknown): string {
  const option = options[key];
  if (value === null) return `(${option.defaultText})`;
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(key === 'accounts' ? ',' : ' ');
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return option.unit === undefined ? text : `${text} ${option.unit}`;
}

function describeOrigin(origin: Origin): string {
  return origin.from === 'default' ? 'default' : origin.name;
}

/** Columns as wide as they have to be; a long value moves its own origin, nobody else's. */
function layOut(sections: readonly (readonly [title: string, rows: readonly Row[]])[]): string[] {
  const all = sections.flatMap(([, rows]) => rows);
  const nameWidth = Math.max(...all.map(([name]) => name.length));
  const valueWidth = Math.min(widestValue, Math.max(...all.map(([, value]) => value.length)));
  return sections.flatMap(([title, rows], index) => [
    ...(index === 0 ? [] : ['']),
    title,
    ...rows.map(([name, value, origin]) => `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}`),
  ]);
}

const widestValue = 48;
