import Module from 'node:module';

/**
 * Loads CommonJS modules, and leaves some of those that they ask for until somebody uses them: whoever asks gets a stand-in, which
 * loads the real one with the first use. One that isn't installed fails then, as a whole.
 *
 * @param names as the askers write them. Each has to be one object or function that is never compared with another.
 * @param load loads what asks for them, through `require` and at once.
 */
export function deferModules<Loaded>(names: readonly string[], load: () => Loaded): Loaded {
  const prototype = Module.prototype as unknown as { require: Require };
  const require = prototype.require;
  prototype.require = function (name) {
    return names.includes(name) ? standInFor(() => require.call(this, name)) : require.call(this, name);
  };
  try {
    return load();
  } finally {
    prototype.require = require;
  }
}

type Require = (this: unknown, name: string) => unknown;

type Callable = ((...given: unknown[]) => unknown) & (new (...given: unknown[]) => object);

function standInFor(load: () => unknown): unknown {
  let loaded: Callable | undefined;
  const real = (): Callable => (loaded ??= load() as Callable);
  // A function, since only of a function the stand-in can be called.
  return new Proxy(
    function standIn() {
      return undefined;
    } as unknown as Callable,
    {
      get: (_, name) => Reflect.get(real(), name) as unknown,
      set: (_, name, value) => Reflect.set(real(), name, value),
      has: (_, name) => Reflect.has(real(), name),
      apply: (_, self, given: unknown[]) => Reflect.apply(real(), self, given),
      construct: (_, given: unknown[]) => Reflect.construct(real(), given),
    },
  );
}
