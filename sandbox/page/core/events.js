/* Backbone's events, as WhatsApp's models and collections use them: names may come space-separated. */
define('sandbox/events', () => {
  let listeners = 0;
  const split = (names) => String(names).split(/\s+/).filter(Boolean);

  class Events {
    #listeners = new Map();

    on(names, callback, context) {
      for (const name of split(names)) {
        if (!this.#listeners.has(name)) this.#listeners.set(name, []);
        this.#listeners.get(name).push({ callback, context });
        listeners += 1;
      }
      this.onListenerAdded?.(names);
      return this;
    }

    once(names, callback, context) {
      for (const name of split(names)) {
        const once = (...args) => {
          this.off(name, once);
          callback.apply(context ?? this, args);
        };
        once.original = callback;
        this.on(name, once);
      }
      return this;
    }

    off(names, callback) {
      const affected = names ? split(names) : [...this.#listeners.keys()];
      for (const name of affected) {
        const all = this.#listeners.get(name) ?? [];
        const kept = all.filter(
          (entry) => callback && entry.callback !== callback && entry.callback.original !== callback,
        );
        listeners -= all.length - kept.length;
        if (kept.length > 0) this.#listeners.set(name, kept);
        else this.#listeners.delete(name);
      }
      return this;
    }

    trigger(names, ...args) {
      for (const name of split(names)) {
        for (const { callback, context } of [...(this.#listeners.get(name) ?? [])]) {
          callback.apply(context ?? this, args);
        }
        if (name !== 'all') {
          for (const { callback, context } of [...(this.#listeners.get('all') ?? [])]) {
            callback.call(context ?? this, name, ...args);
          }
        }
      }
      return this;
    }

    listenTo(other, names, callback) {
      other.on(names, callback, this);
      return this;
    }

    stopListening(other, names, callback) {
      other?.off(names, callback);
      return this;
    }

    /** Not a part of WhatsApp: shows whether somebody listens more and more. */
    get listenerCount() {
      return [...this.#listeners.values()].reduce((count, listeners) => count + listeners.length, 0);
    }

    hasListener(name) {
      return this.#listeners.has(name);
    }
  }

  return { Events, countListeners: () => listeners };
});
