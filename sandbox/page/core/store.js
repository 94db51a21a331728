/* Between the profile's records (plain) and the models in memory (Wids, message keys, events). */
define('sandbox/store', (require) => {
  const storage = require('sandbox/storage');
  const { flatten, revive } = require('sandbox/wire');
  const collections = require('WAWebCollections');
  const { createWid } = require('WAWebWidFactory');

  /** WhatsApp holds a screenful in memory and loads the rest when it is asked for. */
  const messagesInMemory = 500;

  async function load() {
    const [chats, contacts, messages] = await Promise.all([
      storage.chats(),
      storage.contacts(),
      storage.newestMessages(messagesInMemory),
    ]);
    remember({ chats, contacts, messages });
  }

  /** Takes records into memory, silently: they are old. Messages come newest first. */
  function remember({ chats, contacts, messages }) {
    const shown = new Map();
    for (const contact of contacts) contactFor(contact.id, contact, { keep: false });
    for (const record of [...chats].sort((one, other) => other.t - one.t)) {
      const chat = chatOf(record.id, { silent: true });
      const { id, last, group, ...attributes } = record;
      chat.set(attributes);
      if (group) groupFor(group);
      if (last) shown.set(last.id, last);
    }
    for (const message of messages.slice(0, messagesInMemory)) shown.set(message.id, message);
    const moment = ({ t, sequence = 0 }) => t * 1000 + sequence;
    for (const message of [...shown.values()].sort((one, other) => moment(one) - moment(other))) show(message);
  }

  function show(record) {
    const chat = chatOf(record.chat, { silent: true });
    const [model] = collections.Msg.add(revive(record, false), { silent: true });
    chat.msgs.add(model, { silent: true });
    const last = chat.lastReceivedKey && collections.Msg.get(chat.lastReceivedKey.toString());
    if (!last || last.t <= model.t) chat.set({ lastReceivedKey: model.id, t: Math.max(chat.t ?? 0, model.t) });
    return model;
  }

  function chatOf(id, options) {
    const known = collections.Chat.get(id) ?? collections.Chat.get(collections.Contact.get(id)?.lid);
    if (known) return known;
    const wid = createWid(id);
    const contact = wid.isUser() ? contactFor(wid.toString()) : undefined;
    const groupMetadata = wid.isGroup() ? (collections.GroupMetadata.get(wid) ?? groupFor({ id })) : undefined;
    return collections.Chat.add({ id: wid, contact, groupMetadata }, options)[0];
  }

  async function chatFor(record) {
    const chat = chatOf(record.chat);
    if (chat.groupMetadata && chat.groupMetadata.participants.length === 0) {
      await collections.GroupMetadata.update(chat.id).catch(() => undefined);
    }
    return chat;
  }

  /** A chat and all its messages get another address; no listener is told. */
  async function migrate(from, to) {
    const records = await storage.earlierMessages(from, undefined, undefined);
    const moved = records.map((record) => ({ ...record, id: record.id.replace(`_${from}_`, `_${to}_`), chat: to }));
    await storage.putMessages(moved);
    await storage.deleteMessages(records.map(({ id }) => id));
    const chat = collections.Chat.get(from);
    if (chat === undefined) return;
    for (const model of chat.msgs.getModelsArray()) collections.Msg.remove(model, { silent: true });
    collections.Chat.remove(chat, { silent: true });
    await storage.deleteChat(from);
    for (const record of moved.toReversed()) show(record);
    await saveChat(chatOf(to, { silent: true }));
  }

  function groupFor(group) {
    const wid = createWid(group.id);
    const metadata = collections.GroupMetadata.get(wid) ?? collections.GroupMetadata.gadd(wid);
    metadata.take(group);
    const chat = collections.Chat.get(wid);
    if (chat && group.subject) chat.set({ name: group.subject, formattedTitle: group.subject });
    return metadata;
  }

  function contactFor(id, attributes = {}, { keep = true } = {}) {
    const wid = createWid(id);
    const known = collections.Contact.get(wid);
    const contact = known ?? collections.Contact.gadd(wid, { silent: true });
    const { id: ignored, ...rest } = attributes;
    contact.set(rest);
    if (keep && (!known || Object.keys(rest).length > 0)) void storage.putContacts([flatten(contact.attributes)]);
    return contact;
  }

  const recordOf = (message) => ({ ...flatten(message.attributes), chat: String(message.id.remote) });

  async function change(message, attributes) {
    await storage.putMessages([{ ...recordOf(message), ...flatten(attributes) }]);
    message.set(attributes);
  }

  function flattenChat(chat) {
    const { msgs, contact, groupMetadata, mute, lastReceivedKey, ...attributes } = chat.attributes;
    const last = lastReceivedKey && collections.Msg.get(lastReceivedKey.toString());
    return flatten({ ...attributes, ...(last && { last: recordOf(last) }), group: groupMetadata?.toRecord() });
  }

  const saveChat = (chat) => storage.putChats([flattenChat(chat)]);

  return {
    load,
    migrate,
    remember,
    show,
    chatOf,
    chatFor,
    groupFor,
    contactFor,
    change,
    flattenChat,
    saveChat,
    recordOf,
    flatten,
    revive,
  };
});
