/* Runs first. Every other file registers what it offers with `define(name, factory)`; a factory runs when first asked for. */

const factories = new Map();
const instances = new Map();
const unknownModuleListeners = new Set();
const refusals = new Map();

/** Names that start with `sandbox/` are the emulation's own and hidden from `window.require`. */
function define(name, factory) {
  if (factories.has(name)) throw new Error(`The module ${name} is defined twice.`);
  factories.set(name, factory);
}

function load(name) {
  if (!instances.has(name)) {
    const factory = factories.get(name);
    if (!factory) throw new Error(`The sandbox has no module ${name}.`);
    instances.set(name, factory(load));
  }
  return instances.get(name);
}

define('sandbox/unknown-modules', () => ({ onUnknownModule: (listener) => unknownModuleListeners.add(listener) }));

/** Whether this request for the module fails, because the test has taken it away. */
function takenAway(name) {
  const { missing, times = Infinity } = load('sandbox/config').modules;
  if (!missing.includes(name)) return false;
  const refused = refusals.get(name) ?? 0;
  refusals.set(name, refused + 1);
  return refused < times;
}

window.require = (name) => {
  if (takenAway(name)) throw new Error(`Requiring unknown module "${name}"`);
  if (typeof name === 'string' && !name.startsWith('sandbox/') && factories.has(name)) return load(name);
  for (const listener of unknownModuleListeners) listener(String(name));
  throw new Error(`Requiring unknown module "${name}"`);
};
