define('WAWebUpdateUnreadChatAction', (require) => {
  const connection = require('sandbox/connection');
  const store = require('sandbox/store');
  return {
    async sendSeen({ chat }) {
      if (chat.unreadCount === 0) return;
      chat.unreadCount = 0;
      await store.saveChat(chat);
      // A receipt that can't be sent now is sent with the next one; it never fails a call.
      await connection.request('seen', { chat: String(chat.id) }).catch(() => undefined);
    },
  };
});

define('WAWebChatStateBridge', (require) => {
  const connection = require('sandbox/connection');
  const send = (state) => (chat) => connection.request('action', { name: 'chatState', chat: String(chat), state });
  return {
    sendChatStateComposing: send('typing'),
    sendChatStateRecording: send('recording'),
    sendChatStatePaused: send('paused'),
  };
});

define('WAWebPresenceChatAction', (require) => {
  const connection = require('sandbox/connection');
  const send = (available) => () => connection.request('action', { name: 'presence', available });
  return { sendPresenceAvailable: send(true), sendPresenceUnavailable: send(false) };
});
