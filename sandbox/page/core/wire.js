/* Models to plain records and back: what crosses the socket or is kept in IndexedDB has ids as text. */
define('sandbox/wire', (require) => {
  const { Wid } = require('WAWebWid');
  const MsgKey = require('WAWebMsgKey');
  const { createWid } = require('WAWebWidFactory');
  const widAttributes = ['from', 'to', 'author', 'quotedParticipant', 'quotedRemoteJid'];

  function flatten(value) {
    if (value instanceof Wid || value instanceof MsgKey) return value.toString();
    if (value instanceof Uint8Array) return [...value];
    if (value instanceof Blob || value instanceof ArrayBuffer || typeof value === 'function') return undefined;
    if (Array.isArray(value)) return value.map(flatten);
    if (value && typeof value === 'object') {
      if (typeof value.serialize === 'function') return flatten(value.serialize());
      const entries = Object.entries(value).map(([key, item]) => [key, flatten(item)]);
      return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
    }
    return value;
  }

  function revive({ order, chat, ...record }, isNewMsg) {
    const attributes = { ...record, id: MsgKey.fromString(record.id), isNewMsg };
    for (const name of widAttributes) if (record[name]) attributes[name] = createWid(record[name]);
    attributes.mentionedJidList = (record.mentionedJidList ?? []).map((id) => createWid(id));
    if (record.protocolMessageKey) attributes.protocolMessageKey = MsgKey.fromString(record.protocolMessageKey);
    return attributes;
  }

  return { flatten, revive };
});
