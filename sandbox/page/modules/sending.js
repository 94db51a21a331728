define('WAWebSendMsgChatAction', (require) => {
  const outbox = require('sandbox/outbox');
  const storage = require('sandbox/storage');
  const store = require('sandbox/store');
  const { Msg } = require('WAWebCollections');
  const { toUserWid } = require('WAWebWidFactory');

  function addAndSendMsgToChat(chat, input) {
    const now = Date.now();
    const author = input.id.participant ? toUserWid(input.id.participant) : undefined;
    const [message] = Msg.add({ ...input, ...(author && { author }), sequence: now % 1000 }, { silent: true });
    if (message.isMedia) message.set({ isUnsentMedia: true });
    const record = store.recordOf(message);
    const added = (async () => {
      await storage.putMessages([record]);
      chat.msgs.add(message, { silent: true });
      chat.set({ t: message.t, lastReceivedKey: message.id });
      Msg.trigger('add', message, Msg);
      chat.msgs.trigger('add', message, chat.msgs);
      await store.saveChat(chat);
      return message;
    })();
    return [added, added.then(() => transmit(message, record))];
  }

  async function transmit(message, record) {
    const result = await outbox.send(record);
    if (message.isMedia && result.messageSendResult === 'OK') message.set({ isUnsentMedia: false });
    return result;
  }

  return { addAndSendMsgToChat };
});

define('WAWebGetEphemeralFieldsMsgActionsUtils', () => ({ getEphemeralFields: () => ({}) }));

define('WAWebMsgReply', () => ({
  canReplyMsg: (message) => !message.isNotification && message.type !== 'revoked' && message.type !== 'ciphertext',
}));

define('WAWebQuotedMsgModelUtils', (require) => {
  const { MsgModel } = require('sandbox/message-model');
  const MsgKey = require('WAWebMsgKey');

  function getQuotedMsgObj(message) {
    if (!message.quotedMsg) return undefined;
    const { quotedStanzaID: id, quotedParticipant: sender, id: key } = message;
    const fromMe = require('WAWebUserPrefsMeUser').isMeAccount(sender);
    const remote = message.quotedRemoteJid ?? key.remote;
    const participant = remote.isGroup() ? sender : undefined;
    const quotedKey = new MsgKey({ fromMe, remote, id, participant });
    const { Msg } = require('WAWebCollections');
    return (
      Msg.get(quotedKey) ??
      new MsgModel({ ...message.quotedMsg, id: quotedKey, from: sender, to: remote, t: message.t, ack: 1 })
    );
  }

  return { getQuotedMsgObj };
});

define('WALinkify', () => {
  const pattern = /\bhttps?:\/\/[^\s<>"']+|\bwww\.[^\s<>"']+/gi;
  const findLinks = (text) =>
    [...String(text ?? '').matchAll(pattern)].map(({ 0: url, index }) => ({
      href: url.startsWith('www.') ? `http://${url}` : url,
      url,
      index,
      suspiciousCharacters: new Set(),
    }));
  return { findLinks, findLink: (text) => findLinks(text)[0] };
});

define('WAWebLinkPreviewChatAction', () => ({ getLinkPreview: async () => undefined }));

define('WAWebVcardParsingUtils', () => ({
  parseVcard: (text) => {
    const name = /^FN:(.*)$/m.exec(text)?.[1];
    if (name === undefined) throw new Error('vcard without a name');
    return { name: name.trim() };
  },
}));

define('WAWebVcardGetNameFromParsed', () => ({ vcardGetNameFromParsed: ({ name }) => name }));

define('WAWebFrontendVcardUtils', () => ({
  vcardFromContactModel: (contact) => ({
    displayName: contact.formattedName,
    vcard: [
      'BEGIN:VCARD',
      'VERSION:3.0',
      `FN:${contact.formattedName}`,
      `TEL;type=CELL;waid=${contact.id.user}:+${contact.id.user}`,
      'END:VCARD',
    ].join('\n'),
  }),
}));

/* Patched by the library when it loads its utilities; nothing of the sandbox goes through protocol buffers. */
define('WAWebBackendJobsCommon', () => ({ mediaTypeFromProtobuf: () => undefined }));
define('WAWebE2EProtoUtils', () => ({ typeAttributeFromProtobuf: () => 'text' }));
