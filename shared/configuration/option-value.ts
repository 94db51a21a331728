import type { Configuration } from './compile-configuration.js';
import type { OptionKey } from './options.js';

/** The value that an option has in a compiled configuration. Pure. */
export function optionValue(configuration: Configuration, key: OptionKey): unknown {
  return key
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Readonly<Record<string, unknown>>)[name], configuration);
}
