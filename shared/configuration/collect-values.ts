import { type ConfigFile } from './config-file.js';
import { type Option, type OptionContext, type Rejected, show } from './option.js';
import { type OptionKey, type OptionValues, optionKeys, options } from './options.js';
import { type Problem } from './problems.js';
import { suggest } from './suggest.js';

type SourceName = 'file' | 'environment' | 'flag';

/** Where a value came from: a default, or the file's, the variable's or the flag's name. */
export type Origin = { readonly from: 'default' } | { readonly from: SourceName; readonly name: string };

export type Origins = Readonly<Record<OptionKey, Origin>>;

export interface Collected {
  readonly values: OptionValues;
  readonly origins: Origins;
  readonly problems: readonly Problem[];
  /** Options with a problem of their own; their values are stand-ins. */
  readonly rejected: ReadonlySet<OptionKey>;
}

/** One place where values come from, and how a person addresses a value there. */
interface Source {
  readonly origin: SourceName;
  /** Raw values by the names that this source uses. */
  readonly raw: ReadonlyMap<string, unknown>;
  nameOf(key: OptionKey): string;
  /** What an origin is called: the file for all that is in it. */
  originOf(key: OptionKey): string;
  /** How a problem names the place. */
  place(name: string): string;
  assignment(name: string, value: string): string;
}

/** Picks each option's value from the strongest source that has it, and notes everything that is wrong on the way. */
export function collectValues(
  context: OptionContext,
  flags: Record<string, string | undefined>,
  file: ConfigFile,
): Collected {
  const sources = [fileSource(file), environmentSource(context.environment), flagSource(flags)];
  const problems = sources.flatMap(findUnknownNames);
  const origins = {} as Record<OptionKey, Origin>;
  const rejected = new Set<OptionKey>();
  const values: Partial<Record<OptionKey, unknown>> = {};
  for (const key of optionKeys) {
    const option: Option<unknown> = options[key];
    origins[key] = { from: 'default' };
    values[key] = option.fallback(context);
    for (const source of sources) {
      const name = source.nameOf(key);
      const raw = source.raw.get(name);
      // An empty variable is how compose files and shells leave an option out.
      if (raw === undefined || (typeof raw === 'string' && raw.trim() === '')) continue;
      const parsed = option.parse(raw, context);
      if (parsed.accepted) {
        origins[key] = { from: source.origin, name: source.originOf(key) };
        values[key] = parsed.value;
      } else {
        rejected.add(key);
        problems.push(describeRejected(source, name, option, raw, parsed));
      }
    }
  }
  return { values: values as unknown as OptionValues, origins, problems, rejected };
}

/** The way back to the place where a value was written; defaults are addressed by their variable. */
export function placeOf(key: OptionKey, origin: Origin): string {
  if (origin.from === 'file') return `${key} in the configuration file`;
  return origin.from === 'flag' ? options[key].flag : options[key].environmentName;
}

function describeRejected(
  source: Source,
  name: string,
  option: Option<unknown>,
  raw: unknown,
  { what, write, advice }: Rejected,
): Problem {
  const value = option.secret === true ? 'the value' : show(raw);
  const instead = write === undefined ? (advice ?? `write ${option.range}`) : `write ${source.assignment(name, write)}`;
  return { where: source.place(name), what: `${value} ${what}`, instead };
}

function findUnknownNames(source: Source): Problem[] {
  const known = new Set<string>(optionKeys.map((key) => source.nameOf(key)));
  return [...source.raw.keys()]
    .filter((name) => !known.has(name))
    .map((name) => {
      const meant = nearestOption(name);
      return {
        where: source.place(name),
        what: 'there is no such option',
        instead: meant === undefined ? 'remove it' : `did you mean ${source.nameOf(meant)}`,
      };
    });
}

/** Looks among all names of every option: a variable's name in the file is a near miss, and so is `WASUP_PORT`. */
function nearestOption(name: string): OptionKey | undefined {
  const names = new Map<string, OptionKey>();
  for (const key of optionKeys) {
    const { environmentName, flag } = options[key];
    const innerName = key.split('.').at(-1) ?? key;
    for (const alias of [key, innerName, withoutPrefix(environmentName), flag]) names.set(alias, key);
  }
  const nearest = suggest(withoutPrefix(name), [...names.keys()]);
  return nearest === undefined ? undefined : names.get(nearest);
}

function withoutPrefix(environmentName: string): string {
  return environmentName.replace(/^WASUP_/i, '');
}

function fileSource(file: ConfigFile): Source {
  return {
    origin: 'file',
    raw: file.values,
    nameOf: (key) => key,
    originOf: () => file.name ?? 'configuration file',
    place: (name) => `${name} (${file.name ?? 'configuration file'})`,
    assignment: (name, value) => {
      const literal = /^\d{1,10}$/.test(value) ? value : JSON.stringify(value);
      const [group, inner] = name.split('.');
      return inner === undefined ? `"${name}": ${literal}` : `"${inner}": ${literal} in "${group ?? ''}"`;
    },
  };
}

function environmentSource(environment: NodeJS.ProcessEnv): Source {
  const known = new Set<string>(optionKeys.map((key) => options[key].environmentName));
  const entries = Object.entries(environment).filter(([name]) => known.has(name) || /^WASUP_/i.test(name));
  return {
    origin: 'environment',
    raw: new Map(entries.filter(([, value]) => value !== undefined)),
    nameOf: (key) => options[key].environmentName,
    originOf: (key) => options[key].environmentName,
    place: (name) => `${name} (environment)`,
    assignment: (name, value) => `${name}=${value}`,
  };
}

/** Flags come as the command line wrote them or as a parser named them: `--http-port`, `http-port` and `httpPort`. */
function flagSource(flags: Record<string, string | undefined>): Source {
  const entries = Object.entries(flags).map(([name, value]): [string, unknown] => {
    const kebab = name.replace(/^--/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [`--${kebab}`, value];
  });
  return {
    origin: 'flag',
    raw: new Map(entries.filter(([, value]) => value !== undefined)),
    nameOf: (key) => options[key].flag,
    originOf: (key) => options[key].flag,
    place: (name) => `${name} (flag)`,
    assignment: (name, value) => `${name} ${value}`,
  };
}
