/* Ids of chats and people. Unlike message keys they kept `_serialized` in the builds since July 2026. */
define('WAWebWid', () => {
  class Wid {
    constructor(user, server, device) {
      this.server = server;
      this.user = user;
      if (device !== undefined) this.device = device;
      this._serialized = `${user}${device === undefined ? '' : `:${device}`}@${server}`;
    }

    toString() {
      return this._serialized;
    }

    toJid() {
      return this._serialized.replace(/@c\.us$/, '@s.whatsapp.net');
    }

    toLogString() {
      return this._serialized;
    }

    equals(other) {
      return other !== undefined && other !== null && String(other) === this._serialized;
    }

    isUser() {
      return this.server === 'c.us' || this.server === 'lid';
    }

    isRegularUser() {
      return this.server === 'c.us';
    }

    isLid() {
      return this.server === 'lid';
    }

    isGroup() {
      return this.server === 'g.us';
    }

    isStatus() {
      return this._serialized === 'status@broadcast';
    }

    isBroadcast() {
      return this.server === 'broadcast';
    }

    isNewsletter() {
      return this.server === 'newsletter';
    }

    isBot() {
      return this.server === 'bot';
    }

    isServer() {
      return this.server === 'server';
    }

    isPSA() {
      return this._serialized === '0@c.us';
    }

    isCompanion() {
      return this.device !== undefined && this.device !== 0;
    }
  }

  return { Wid, default: Wid };
});

define('WAWebWidFactory', (require) => {
  const { Wid } = require('WAWebWid');

  function createWid(input) {
    if (input instanceof Wid) return input;
    const text = typeof input === 'object' && input !== null ? input._serialized : input;
    const match = /^([^@:]+)(?::(\d+))?@([\w.]+)$/.exec(String(text));
    if (!match) throw new Error(`wid error: invalid wid ${String(text)}`);
    const server = match[3] === 's.whatsapp.net' ? 'c.us' : match[3];
    return new Wid(match[1], server, match[2] === undefined ? undefined : Number(match[2]));
  }

  const toUserWid = (wid) => new Wid(createWid(wid).user, createWid(wid).server);
  const asUserWidOrThrow = (wid) => {
    const user = toUserWid(wid);
    if (!user.isUser()) throw new Error(`wid error: ${user} is not a user`);
    return user;
  };

  return {
    createWid,
    createWidFromWidLike: createWid,
    createUserWid: (user, server = 'c.us') => new Wid(user, server),
    createUserWidOrThrow: (user, server = 'c.us') => asUserWidOrThrow(new Wid(user, server)),
    createDeviceWid: createWid,
    toUserWid,
    toChatWid: createWid,
    asChatWid: createWid,
    asUserWidOrThrow,
    isWidlike: (value) => value instanceof Wid || typeof value?._serialized === 'string',
  };
});

define('WAWebWidToJid', (require) => {
  const { createWid } = require('WAWebWidFactory');
  const toJid = (wid) => createWid(wid).toJid();
  return { widToUserJid: toJid, widToGroupJid: toJid, widToChatJid: toJid, widToNewsletterJid: toJid };
});

define('WAWebJidToWid', (require) => {
  const { createWid } = require('WAWebWidFactory');
  return { userJidToUserWid: createWid, groupJidToWid: createWid, newsletterJidToWid: createWid, jidToWid: createWid };
});
