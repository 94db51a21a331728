define('WAWebChatGetters', () => ({
  getIsNewsletter: (chat) => chat.id.isNewsletter(),
  getIsBroadcast: (chat) => chat.id.isBroadcast(),
  getIsGroup: (chat) => chat.id.isGroup(),
  getIsUser: (chat) => chat.id.isUser(),
}));

define('WAWebFindChatAction', (require) => ({
  findOrCreateLatestChat: async (wid) => ({ chat: require('sandbox/store').chatOf(String(wid)), created: false }),
}));

define('WAWebChatLoadMessages', (require) => {
  const storage = require('sandbox/storage');
  const store = require('sandbox/store');
  const pageLength = 50;

  return {
    async loadEarlierMsgs({ chat }) {
      const oldest = chat.msgs.head();
      // The bounds include the oldest known moment, because several messages may share it.
      const records = await storage.earlierMessages(String(chat.id), oldest, pageLength + chat.msgs.length);
      const unknown = records.filter(({ id }) => !chat.msgs.get(id)).slice(0, pageLength);
      return unknown.map((record) => store.show(record)).reverse();
    },
  };
});
