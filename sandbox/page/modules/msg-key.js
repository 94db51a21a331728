/* The key of a message. Builds since 2.3000.1042401057 keep its text in `$1`, those before in `_serialized`. */
define('WAWebMsgKey', (require) => {
  const { build } = require('sandbox/config');
  const { createWid } = require('WAWebWidFactory');

  function parts({ fromMe, selfDir, remote, from, to, id, participant }) {
    const outgoing = fromMe ?? selfDir === 'out';
    return {
      fromMe: outgoing,
      remote: createWid(remote ?? (outgoing ? to : from)),
      id,
      ...(participant && { participant: createWid(participant) }),
    };
  }

  const textOf = ({ fromMe, remote, id, participant }) =>
    `${fromMe}_${remote}_${id}${participant ? `_${participant}` : ''}`;

  class LegacyMsgKey {
    constructor(input) {
      Object.assign(this, parts(input));
      this._serialized = textOf(this);
    }

    toString() {
      return this._serialized;
    }

    equals(other) {
      return String(other) === String(this);
    }

    clone() {
      return new MsgKey(this);
    }
  }

  class CurrentMsgKey {
    constructor(input) {
      Object.assign(this, parts(input));
      this.$1 = textOf(this);
    }

    toString() {
      return this.$1;
    }

    equals(other) {
      return String(other) === String(this);
    }

    clone() {
      return new MsgKey(this);
    }
  }

  const MsgKey = build === 'legacy' ? LegacyMsgKey : CurrentMsgKey;

  MsgKey.newId = async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(10));
    return `3EB0${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`.toUpperCase();
  };

  MsgKey.fromString = (text) => {
    const [fromMe, remote, id, participant] = text.split('_');
    if (!['true', 'false'].includes(fromMe) || !id) throw new Error(`msgkey error: invalid message key ${text}`);
    return new MsgKey({ fromMe: fromMe === 'true', remote, id, participant });
  };

  MsgKey.from = (value) => (value instanceof MsgKey ? value : MsgKey.fromString(String(value)));
  MsgKey.default = MsgKey;
  return MsgKey;
});
