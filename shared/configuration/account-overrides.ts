import type { ConfigFile } from './config-file.js';
import { type OptionContext, show } from './option.js';
import { type OptionValues, options } from './options.js';
import type { Problem } from './problems.js';
import { suggest } from './suggest.js';

/** What one account has differently. What is missing here is as for all. */
export interface AccountOverride {
  /** Absolute. */
  readonly botModule?: string;
  readonly authMethod?: OptionValues['authMethod'];
  readonly browserArguments?: readonly string[];
}

export type AccountOverrides = Readonly<Record<string, AccountOverride>>;

/** The names that an account's own settings have in the file, with the options that they are values of. */
export const overridableOptions = {
  botModule: 'botModule',
  authMethod: 'authMethod',
  browserArguments: 'browser.arguments',
} as const satisfies Readonly<Record<keyof AccountOverride, keyof OptionValues>>;

export interface SplitAccounts {
  /** The same file, with a number in the place of each object. */
  readonly file: ConfigFile;
  readonly overrides: AccountOverrides;
  readonly problems: readonly Problem[];
}

/** Takes the accounts' own settings out of `accounts`: `{ "number": "…", "botModule": "./shop.js" }`. Pure. */
export function splitAccounts(file: ConfigFile, context: OptionContext): SplitAccounts {
  const accounts = file.values.get('accounts');
  if (!Array.isArray(accounts)) return { file, overrides: {}, problems: [] };
  const numbers: unknown[] = [];
  const overrides: Record<string, AccountOverride> = {};
  const problems: Problem[] = [];
  for (const [index, entry] of (accounts as unknown[]).entries()) {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      numbers.push(entry);
      continue;
    }
    const read = readAccount(entry, (name) => placeOfAccount(file, index, name), context);
    problems.push(...read.problems);
    if (read.number === undefined) continue;
    numbers.push(read.number);
    overrides[read.number] = read.override;
  }
  const values = new Map(file.values).set('accounts', numbers);
  return { file: { ...file, values }, overrides, problems };
}

/** How a problem names an account's entry in the file, or a setting in it. */
function placeOfAccount(file: ConfigFile, index: number, name?: string): string {
  return `accounts[${index}]${name === undefined ? '' : `.${name}`} (${file.name ?? 'configuration file'})`;
}

interface ReadAccount {
  /** As it is written; whether it is a number at all is looked at together with the others. */
  readonly number: string | undefined;
  readonly override: AccountOverride;
  readonly problems: readonly Problem[];
}

function readAccount(entry: object, place: (name?: string) => string, context: OptionContext): ReadAccount {
  const problems: Problem[] = [];
  const override: Partial<Record<keyof AccountOverride, unknown>> = {};
  let number: string | undefined;
  for (const [name, raw] of Object.entries(entry) as [string, unknown][]) {
    // As everywhere in the file: `undefined` and `null` say nothing.
    if (raw === undefined || raw === null) continue;
    if (name === 'number' && (typeof raw === 'string' || typeof raw === 'number')) {
      number = String(raw).trim();
    } else if (isOverridable(name)) {
      const option = options[overridableOptions[name]];
      const parsed = option.parse(raw, context);
      if (parsed.accepted) override[name] = parsed.value;
      else {
        const { write, advice } = parsed;
        const instead = write === undefined ? (advice ?? `write ${option.range}`) : `write "${name}": "${write}"`;
        problems.push({ where: place(name), what: `${show(raw)} ${parsed.what}`, instead });
      }
    } else if (name !== 'number') {
      const meant = suggest(name, ['number', ...Object.keys(overridableOptions)]);
      problems.push({
        where: place(name),
        what: 'an account has no such setting of its own',
        instead: meant === undefined ? 'write it outside of "accounts", for all' : `did you mean ${meant}`,
      });
    }
  }
  if (number === undefined || number === '') {
    problems.push({ where: place(), what: 'there is no number in it', instead: 'write "number": "491701234567"' });
    number = undefined;
  }
  // The options' own parsers have filled it.
  return { number, override: override as AccountOverride, problems };
}

function isOverridable(name: string): name is keyof AccountOverride {
  return Object.hasOwn(overridableOptions, name);
}
