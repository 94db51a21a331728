import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** What V8 has made of a module's source. */
interface CompiledModule {
  /** Of the source: it may have been changed since. */
  readonly checksum: number;
  readonly data: Buffer;
}

/** By the path of the module. */
export type CompiledCode = ReadonlyMap<string, CompiledModule>;

/** A module as it was loaded. */
export interface LoadedModule {
  readonly path: string;
  readonly source: string;
  readonly script: Script;
}

/**
 * Loads CommonJS modules, without compiling those that are known: half of the time that the browser libraries take to load is their
 * compilation. V8 itself refuses code that another version of it has made, and what was changed is compiled as ever. (Node 22.1 has such a thing
 * built in, `module.enableCompileCache`; Node 20 has not.)
 *
 * @param load loads them, through `require` and at once: what is loaded later, a bot first of all, is Node's business alone.
 * @param onLoaded is given every module.
 */
export function loadWithCode<Loaded>(
  code: CompiledCode,
  load: () => Loaded,
  onLoaded?: (module: LoadedModule) => void,
): Loaded {
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  prototype._compile = function (source, path, ...others) {
    // A program with a first line for the shell, or what Node takes for an ES module: the few that there are cost nothing.
    if (source.startsWith('#!') || others[0] === 'module') return compile.call(this, source, path, ...others);
    const script = compileScript(source, path, code.get(path));
    onLoaded?.({ path, source, script });
    return runScript(this, script, path);
  };
  try {
    return load();
  } finally {
    prototype._compile = compile;
  }
}

/** Nothing where there is no such file, or one that can't be read. */
export function readCode(path: string): CompiledCode {
  try {
    const file = readFileSync(path);
    const border = file.indexOf('\n');
    const index = JSON.parse(file.toString('utf8', 0, border)) as IndexEntry[];
    let offset = border + 1;
    return new Map(
      index.map(([module, checksum, length]) => {
        const data = file.subarray(offset, (offset += length));
        return [module, { checksum, data }];
      }),
    );
  } catch {
    return new Map();
  }
}

/** The file for {@link readCode}: what V8 has made of the modules by now, with the functions that were called meanwhile. */
export function serializeCode(modules: readonly LoadedModule[]): Buffer {
  const compiled = modules.map(({ script }) => script.createCachedData());
  const index = modules.map(({ path, source }, at): IndexEntry => [path, crc32(source), compiled[at]?.length ?? 0]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...compiled]);
}

/** Path, checksum of the source, bytes. */
type IndexEntry = readonly [module: string, checksum: number, length: number];

type Compile = (this: InternalModule, source: string, path: string, ...others: unknown[]) => unknown;

interface InternalModule {
  readonly exports: unknown;
  require(name: string): unknown;
}

function compileScript(source: string, path: string, compiled: CompiledModule | undefined): Script {
  const cachedData = crc32(source) === compiled?.checksum ? compiled.data : undefined;
  return new Script(Module.wrap(source), {
    filename: path,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** As Node does it, but for `require.main`, which no library asks for. */
function runScript(module: InternalModule, script: Script, path: string): unknown {
  const own = Module.createRequire(path);
  const require = Object.assign((name: string) => module.require(name), {
    resolve: own.resolve,
    cache: own.cache,
    extensions: (own as unknown as { extensions: unknown }).extensions,
    main: undefined,
  });
  const run = script.runInThisContext() as (...given: unknown[]) => unknown;
  return run.call(module.exports, module.exports, require, module, path, dirname(path));
}
