/* What a library does to messages and chats through WhatsApp's command bus, and what it may do. */
define('sandbox/commands', (require) => {
  const connection = require('sandbox/connection');
  const outbox = require('sandbox/outbox');
  const storage = require('sandbox/storage');
  const store = require('sandbox/store');
  const tell = (name, chat, details) => connection.request('action', { name, chat: String(chat.id), ...details });
  const ids = (messages) => messages.map(({ id }) => id.toString());

  async function changeChat(name, chat, attributes) {
    await tell(name, chat, attributes);
    chat.set(attributes);
    await store.saveChat(chat);
  }

  async function star(chat, messages, value) {
    await tell(value ? 'star' : 'unstar', chat, { messageIds: ids(messages) });
    for (const message of messages) await store.change(message, { star: value });
  }

  return {
    archiveChat: (chat, archive) => changeChat('archive', chat, { archive }),
    pinChat: (chat, pin) => changeChat('pin', chat, { pin: pin ? Math.floor(Date.now() / 1000) : undefined }),
    markChatUnread: (chat, unread) => changeChat('markUnread', chat, { unreadCount: unread ? -1 : 0 }),
    sendStarMsgs: (chat, messages) => star(chat, messages, true),
    sendUnstarMsgs: (chat, messages) => star(chat, messages, false),

    async sendRevokeMsgs(chat, { list }) {
      const MsgKey = require('WAWebMsgKey');
      for (const message of list) {
        await outbox.request('revokeMessage', { messageId: message.id.toString() });
        const protocolMessageKey = new MsgKey({ ...message.id, id: await MsgKey.newId() });
        await store.change(message, { protocolMessageKey, body: '', type: 'revoked' });
      }
    },

    async sendDeleteMsgs(chat, { list }) {
      const { Msg } = require('WAWebCollections');
      await tell('deleteForMe', chat, { messageIds: ids(list) });
      await storage.deleteMessages(ids(list));
      for (const message of list) {
        chat.msgs.remove(message);
        Msg.remove(message);
      }
    },
  };
});

define('WAWebMsgActionCapability', (require) => {
  const mineAndAlive = (message) => message.id.fromMe && message.type !== 'revoked';
  return {
    canSenderRevokeMsg: mineAndAlive,
    canAdminRevokeMsg: (message) => {
      const chat = require('WAWebCollections').Chat.get(message.id.remote);
      return Boolean(chat?.iAmAdmin()) && message.type !== 'revoked';
    },
    canEditText: (message) => mineAndAlive(message) && message.type === 'chat',
    canEditCaption: (message) => mineAndAlive(message) && message.isMedia,
    canStarMsg: (message) => !message.isNotification,
  };
});

define('WAWebSendMessageEditAction', (require) => {
  const outbox = require('sandbox/outbox');
  const store = require('sandbox/store');
  return {
    async sendMessageEdit(message, body) {
      await outbox.request('editMessage', { messageId: message.id.toString(), body });
      const attribute = message.isMedia ? 'caption' : 'body';
      await store.change(message, { latestEditSenderTimestampMs: Date.now(), [attribute]: body });
    },
  };
});

define('WAWebApiMessageInfoStore', (require) => {
  const { createWid } = require('WAWebWidFactory');
  return {
    async queryMsgInfo(key) {
      const info = await require('sandbox/outbox').request('messageInfo', { messageId: key.toString() });
      const at = (entries) => entries.map(({ id, t }) => ({ id: createWid(id), t }));
      const { delivery, read } = info;
      return { ...info, delivery: at(delivery), read: at(read), played: [], deliveryRemaining: 0, readRemaining: 0 };
    },
  };
});

define('WAWebChatClearBridge', (require) => {
  const storage = require('sandbox/storage');
  return {
    async sendClear(chat) {
      const { Msg } = require('WAWebCollections');
      await require('sandbox/connection').request('action', { name: 'clearChat', chat: String(chat.id) });
      const records = await storage.earlierMessages(String(chat.id), undefined, 100_000);
      await storage.deleteMessages(records.map(({ id }) => id));
      const messages = chat.msgs.getModelsArray();
      chat.msgs.reset();
      Msg.remove(messages);
      chat.set({ lastReceivedKey: undefined });
      await require('sandbox/store').saveChat(chat);
    },
  };
});

define('WAWebDeleteChatAction', (require) => ({
  async sendDelete(chat) {
    await require('WAWebChatClearBridge').sendClear(chat, false);
    await require('sandbox/connection').request('action', { name: 'deleteChat', chat: String(chat.id) });
    require('WAWebCollections').Chat.remove(chat);
    await require('sandbox/storage').deleteChat(String(chat.id));
  },
}));

define('WAWebChatForwardMessage', (require) => ({
  async forwardMessages({ chat, msgs }) {
    const MsgKey = require('WAWebMsgKey');
    const me = require('WAWebUserPrefsMeUser').getMeUser();
    for (const message of msgs) {
      const participant = chat.id.isGroup() ? me : undefined;
      const id = new MsgKey({ fromMe: true, remote: chat.id, id: await MsgKey.newId(), participant });
      const { quotedMsg, quotedStanzaID, quotedParticipant, ...attributes } = message.attributes;
      const [added, sent] = require('WAWebSendMsgChatAction').addAndSendMsgToChat(chat, {
        ...attributes,
        id,
        from: me,
        to: chat.id,
        author: undefined,
        ack: 0,
        isNewMsg: true,
        isForwarded: true,
        forwardingScore: (message.forwardingScore ?? 0) + 1,
        t: Math.floor(Date.now() / 1000),
      });
      await added;
      await sent;
    }
  },
}));
