/* Models keep each attribute `x` in an own property `__x_x` behind an accessor, as WhatsApp's do; assigning one is an event. */
define('sandbox/model', (require) => {
  const { Events } = require('sandbox/events');
  const prefix = '__x_';

  const serializeValue = (value) => {
    if (value instanceof Model) return value.serialize();
    if (value && typeof value.serialize === 'function') return value.serialize();
    return value;
  };

  class Model extends Events {
    #collections = new Set();

    constructor(attributes = {}) {
      super();
      for (const [name, value] of Object.entries({ ...this.constructor.defaults?.(), ...attributes })) {
        if (name.startsWith(prefix)) continue;
        this.#declare(name);
        this[prefix + name] = value;
      }
    }

    set(nameOrAttributes, value) {
      const attributes = typeof nameOrAttributes === 'string' ? { [nameOrAttributes]: value } : nameOrAttributes;
      const changes = [];
      for (const [name, next] of Object.entries(attributes)) {
        this.#declare(name);
        const previous = this[prefix + name];
        if (Object.is(previous, next)) continue;
        this[prefix + name] = next;
        changes.push([name, next, previous]);
      }
      for (const [name, next, previous] of changes) this.#announce(`change:${name}`, this, next, previous);
      if (changes.length > 0) this.#announce('change', this);
      return this;
    }

    get(name) {
      return this[prefix + name];
    }

    unsafe() {
      return this;
    }

    safe() {
      return this;
    }

    get attributes() {
      const attributes = {};
      for (const key of Object.keys(this)) {
        if (key.startsWith(prefix)) attributes[key.slice(prefix.length)] = this[key];
      }
      return attributes;
    }

    serialize() {
      const result = {};
      for (const [name, value] of Object.entries(this.attributes)) {
        if (this.constructor.hidden?.includes(name) || typeof value === 'function') continue;
        result[name] = serializeValue(value);
      }
      return result;
    }

    toJSON() {
      return this.serialize();
    }

    /** Changes of a model are heard at each collection that holds it. */
    join(collection) {
      this.#collections.add(collection);
    }

    leave(collection) {
      this.#collections.delete(collection);
    }

    #announce(name, ...args) {
      this.trigger(name, ...args);
      for (const collection of this.#collections) collection.trigger(name, ...args);
    }

    #declare(name) {
      const prototype = Object.getPrototypeOf(this);
      if (Object.getOwnPropertyDescriptor(prototype, name) || name in Model.prototype || name in this) return;
      Object.defineProperty(prototype, name, {
        configurable: true,
        get() {
          return this[prefix + name];
        },
        set(value) {
          this.set(name, value);
        },
      });
    }
  }

  return { Model };
});
