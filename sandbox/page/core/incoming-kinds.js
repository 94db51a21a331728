/* One function for each kind of event that the server delivers. */
define('sandbox/incoming-kinds', (require) => {
  const storage = require('sandbox/storage');
  const store = require('sandbox/store');
  const collections = require('WAWebCollections');
  const { createWid } = require('WAWebWidFactory');
  const touched = new Set();

  const find = async (id) => (await collections.Msg.getMessagesById([id])).messages[0];

  const kinds = {
    async message({ message }, fresh) {
      if (collections.Msg.get(message.id)) return;
      const chat = await store.chatFor(message);
      const [model] = collections.Msg.add(store.revive(message, fresh), { silent: true });
      chat.msgs.add(model, { silent: true });
      chat.set({ t: message.t, lastReceivedKey: model.id });
      if (message.notifyName) store.contactFor(message.author ?? message.from, { pushname: message.notifyName });
      touched.add(chat);
      collections.Msg.trigger('add', model, collections.Msg);
      chat.msgs.trigger('add', model, chat.msgs);
      if (!model.id.fromMe && !model.isNotification) chat.unreadCount += 1;
    },

    async decrypted({ message }) {
      const known = await find(message.id);
      const { id, isNewMsg, ...attributes } = store.revive(message, false);
      if (known) await store.change(known, attributes);
    },

    async ack({ messageId, ack }) {
      const message = await find(messageId);
      if (message && ack > message.ack) await store.change(message, { ack });
    },

    async edit({ messageId, body, t }) {
      const message = await find(messageId);
      const attribute = message?.directPath ? 'caption' : 'body';
      if (message) await store.change(message, { latestEditSenderTimestampMs: t * 1000, [attribute]: body });
    },

    async revoke({ messageId, protocolMessageKey }) {
      const message = await find(messageId);
      const key = require('WAWebMsgKey').fromString(protocolMessageKey);
      if (message) await store.change(message, { protocolMessageKey: key, body: '', type: 'revoked' });
    },

    async reaction({ reaction }, fresh) {
      await require('sandbox/reactions').receive(reaction, fresh);
    },

    async vote({ vote }, fresh) {
      await require('sandbox/polls').receive(vote, fresh);
    },

    call({ call }) {
      const { CallCollection } = require('sandbox/calls');
      CallCollection.receive({ ...call, peerJid: createWid(call.peerJid) });
    },

    group({ group }) {
      store.groupFor(group);
    },

    async migration({ from, to }) {
      await store.migrate(from, to);
    },

    contact({ contact }) {
      store.contactFor(contact.id, contact);
    },

    history: (event) => store.remember(event),
  };

  return {
    show: (event, fresh) => kinds[event.kind]?.(event, fresh),

    async storeHistory({ chats, contacts, messages }) {
      await storage.putContacts(contacts);
      await storage.putChats(chats);
      await storage.putMessages(messages);
    },

    async saveTouchedChats() {
      const chats = [...touched].map((chat) => store.flattenChat(chat));
      touched.clear();
      if (chats.length > 0) await storage.putChats(chats);
    },
  };
});
