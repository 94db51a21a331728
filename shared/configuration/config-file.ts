import { join } from 'node:path';
import { describeError } from '../errors.js';
import { type Problem } from './problems.js';

/** What the configuration needs from the disk. */
export interface ConfigurationFiles {
  /** Whether there is a file (not a folder) at this path. Never rejects. */
  fileExists(path: string): Promise<boolean>;
  readFile(path: string): Promise<string>;
  /** Loads a JavaScript module and resolves with its namespace. */
  importModule(path: string): Promise<unknown>;
}

export interface ConfigFile {
  readonly name: string | undefined;
  /** Values by option name, nesting written with dots. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly Problem[];
}

/** Reads `wasup.config.json` or `wasup.config.js` of the working directory, if there is one. Never rejects. */
export async function readConfigFile(workingDirectory: string, files: ConfigurationFiles): Promise<ConfigFile> {
  const jsonPath = join(workingDirectory, 'wasup.config.json');
  const scriptPath = join(workingDirectory, 'wasup.config.js');
  const [hasJson, hasScript] = await Promise.all([files.fileExists(jsonPath), files.fileExists(scriptPath)]);
  if (hasJson && hasScript) {
    const what = 'there is wasup.config.js as well, and only one of them can hold';
    return failed('wasup.config.json', what, 'remove one of them');
  }
  if (hasJson) return readJson(jsonPath, files);
  if (hasScript) return readScript(scriptPath, files);
  return { name: undefined, values: new Map(), problems: [] };
}

async function readJson(path: string, files: ConfigurationFiles): Promise<ConfigFile> {
  const name = 'wasup.config.json';
  let text: string;
  try {
    text = await files.readFile(path);
  } catch (error) {
    return failed(name, `cannot be read (${describeError(error)})`, `make ${path} readable`);
  }
  try {
    // Editors on Windows put a byte order mark in front, which JSON.parse refuses.
    return fromObject(name, JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    const advice = 'double quotes around names and texts, no comments, no comma after the last entry';
    return failed(name, `is not valid JSON: ${locate(describeError(error), text)}`, advice);
  }
}

async function readScript(path: string, files: ConfigurationFiles): Promise<ConfigFile> {
  const name = 'wasup.config.js';
  try {
    const namespace = await files.importModule(path);
    const exported = typeof namespace === 'object' && namespace !== null && 'default' in namespace;
    if (!exported) return failed(name, 'has no default export', 'write: export default { ... }');
    return fromObject(name, namespace.default);
  } catch (error) {
    return failed(
      name,
      `failed to load: ${describeError(error)}`,
      'correct it; `node wasup.config.js` shows the place',
    );
  }
}

function fromObject(name: string, value: unknown): ConfigFile {
  if (!isRecord(value)) return failed(name, 'does not hold an object', 'write { "accounts": [...] } and the like');
  const values = new Map<string, unknown>();
  for (const [key, entry] of Object.entries(value)) {
    if (!isRecord(entry)) values.set(key, entry);
    else for (const [inner, innerEntry] of Object.entries(entry)) values.set(`${key}.${inner}`, innerEntry);
  }
  // `undefined` and `null` say nothing: `port: process.env.PORT` is a common line.
  for (const [key, entry] of values) if (entry === undefined || entry === null) values.delete(key);
  return { name, values, problems: [] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts line and column before the parser's message; Node 20 only gives an offset, later versions quote the text. */
function locate(message: string, text: string): string {
  const offset = /at position (\d+)/.exec(message)?.[1];
  if (offset === undefined) return message.split('\n', 1)[0] ?? message;
  const before = text.slice(0, Number(offset)).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${message.replace(/ (in JSON )?at position.*$/s, '')}`;
}

function failed(name: string, what: string, instead: string): ConfigFile {
  return { name, values: new Map(), problems: [{ where: name, what, instead }] };
}
