define('sandbox/collection', (require) => {
  const { Events } = require('sandbox/events');
  const { Model } = require('sandbox/model');

  /** A key may come as text, as a Wid, as a message key or as the model itself. */
  const toKey = (value) => {
    if (value === undefined || value === null) return undefined;
    if (value instanceof Model) return toKey(value.id);
    if (typeof value === 'object' && typeof value._serialized === 'string') return value._serialized;
    return String(value);
  };

  class Collection extends Events {
    #models = new Map();

    constructor(modelClass = Model) {
      super();
      this.modelClass = modelClass;
    }

    get(id) {
      return this.#models.get(toKey(id));
    }

    assertGet(id) {
      const model = this.get(id);
      if (!model) throw new Error(`No model with the id ${toKey(id)}`);
      return model;
    }

    /** Subclasses fetch what is not in memory. */
    async find(id) {
      return this.get(id);
    }

    add(input, { silent = false } = {}) {
      const added = (Array.isArray(input) ? input : [input]).map((item) => {
        const known = this.get(item instanceof Model ? item : item.id);
        if (known) return known;
        const model = item instanceof Model ? item : new this.modelClass(item);
        this.#models.set(toKey(model.id), model);
        model.join(this);
        if (!silent) this.trigger('add', model, this);
        return model;
      });
      return added;
    }

    gadd(id, options) {
      return this.add({ id }, options)[0];
    }

    remove(input, { silent = false } = {}) {
      const removed = [];
      for (const item of Array.isArray(input) ? input : [input]) {
        const model = this.get(item);
        if (!model) continue;
        this.#models.delete(toKey(model.id));
        if (!silent) this.trigger('remove', model, this);
        model.leave(this);
        removed.push(model);
      }
      return removed;
    }

    reset() {
      for (const model of this.#models.values()) model.leave(this);
      this.#models.clear();
      this.trigger('reset', this);
    }

    get length() {
      return this.#models.size;
    }

    get _models() {
      return this.getModelsArray();
    }

    getModelsArray() {
      return [...this.#models.values()];
    }

    toArray() {
      return this.getModelsArray();
    }

    at(index) {
      return this.getModelsArray().at(index);
    }

    head() {
      return this.at(0);
    }

    last() {
      return this.at(-1);
    }

    filter(predicate) {
      return this.getModelsArray().filter(predicate);
    }

    map(transform) {
      return this.getModelsArray().map(transform);
    }

    some(predicate) {
      return this.getModelsArray().some(predicate);
    }

    findFirst(predicate) {
      return this.getModelsArray().find(predicate);
    }

    forEach(visit) {
      this.getModelsArray().forEach(visit);
    }

    serialize() {
      return this.map((model) => model.serialize());
    }

    toJSON() {
      return this.serialize();
    }
  }

  return { Collection, toKey };
});
