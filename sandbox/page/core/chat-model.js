define('sandbox/chat-model', (require) => {
  const { Model } = require('sandbox/model');
  const { MsgCollection } = require('sandbox/message-collection');

  class MuteModel extends Model {
    static defaults = () => ({ expiration: 0 });

    async mute({ expiration }) {
      await this.#change(expiration);
    }

    async unmute() {
      await this.#change(0);
    }

    async #change(expiration) {
      await require('sandbox/connection').request('action', { name: 'mute', chat: String(this.id), expiration });
      this.expiration = expiration;
      const chat = require('WAWebCollections').Chat.get(this.id);
      chat.muteExpiration = expiration;
      await require('sandbox/store').saveChat(chat);
    }
  }

  class ChatModel extends Model {
    static hidden = ['contact'];
    static defaults = () => ({
      t: 0,
      unreadCount: 0,
      archive: false,
      isLocked: false,
      isReadOnly: false,
      muteExpiration: 0,
      notSpam: true,
      endOfHistoryTransferType: 0,
      labels: [],
    });

    constructor(attributes) {
      super({ ...attributes, msgs: new MsgCollection(), mute: new MuteModel({ id: attributes.id }) });
      const title = attributes.contact?.name ?? attributes.groupMetadata?.subject ?? `+${attributes.id.user}`;
      if (!this.formattedTitle) this.set({ formattedTitle: title, name: this.name ?? title });
    }

    get isGroup() {
      return this.id.isGroup();
    }

    get isUser() {
      return this.id.isUser();
    }

    iAmAdmin() {
      return this.groupMetadata?.participants.iAmAdmin() ?? false;
    }

    set(...input) {
      super.set(...input);
      if (this.mute && this.mute.expiration !== this.muteExpiration) this.mute.set('expiration', this.muteExpiration);
      return this;
    }
  }

  return { ChatModel };
});
