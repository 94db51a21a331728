define('sandbox/calls', (require) => {
  const { Events } = require('sandbox/events');

  class Calls extends Events {
    /** A library finds the calls by looking for the Map among the collection's own properties. */
    _calls = new Map();

    receive(call) {
      this._calls.set(call.id, call);
      this.trigger('add', call);
    }
  }

  return { CallCollection: new Calls() };
});

define('WAWebCallCollection', (require) => require('sandbox/calls').CallCollection);

define('WAWap', () => ({
  wap: (tag, attributes, content) => ({ tag, attrs: attributes, content }),
  generateId: () => String(Math.floor(Math.random() * 1e9)),
}));

define('WADeprecatedSendIq', (require) => ({
  deprecatedCastStanza: (stanza) =>
    require('sandbox/connection').request('action', { name: 'stanza', stanza: JSON.parse(JSON.stringify(stanza)) }),
}));
