define('sandbox/reactions', (require) => {
  const { Collection } = require('sandbox/collection');
  const connection = require('sandbox/connection');
  const store = require('sandbox/store');
  const MsgKey = require('WAWebMsgKey');
  const { createWid } = require('WAWebWidFactory');

  const Reactions = new Collection();

  /** One entry per emoji, with those who sent it. */
  function record(parent, sender, entry) {
    const model = Reactions.get(parent) ?? Reactions.add({ id: parent, reactions: new Collection() })[0];
    for (const group of model.reactions.getModelsArray()) {
      group.senders = group.senders.filter((other) => other.senderUserJid !== sender);
      if (group.senders.length === 0) model.reactions.remove(group);
    }
    if (!entry.reactionText) return;
    const [group] = model.reactions.add({ id: entry.reactionText, aggregateEmoji: entry.reactionText, senders: [] });
    group.senders = [...group.senders, entry];
    group.hasReactionByMe = group.senders.some(({ msgKey }) => msgKey.fromMe);
  }

  async function receive({ id, parent, from, author, text, t }, fresh) {
    const key = MsgKey.fromString(id);
    const parentKey = MsgKey.fromString(parent);
    const sender = createWid(author ?? from);
    record(parent, sender.toString(), {
      msgKey: key,
      parentMsgKey: parentKey,
      senderUserJid: sender.toString(),
      reactionText: text,
      timestamp: t * 1000,
      read: false,
      orphan: 0,
    });
    const { Msg } = require('WAWebCollections');
    const message = (await Msg.getMessagesById([parent])).messages[0];
    if (message) await store.change(message, { hasReaction: Boolean(text) });
    if (!fresh) return;
    const { reactionTableMode } = require('WAWebAddonReactionTableMode');
    await reactionTableMode.bulkUpsert([
      {
        id: key,
        reactionParentKey: parentKey,
        reactionText: text,
        reactionTimestamp: t * 1000,
        from: createWid(from),
        ...(author && { author: createWid(author) }),
        ack: 2,
        orphan: 0,
        read: false,
      },
    ]);
  }

  async function send(message, text) {
    const remote = message.id.remote;
    const me = require('WAWebUserPrefsMeUser').getMeUser();
    const participant = remote.isGroup() ? me : undefined;
    const key = new MsgKey({ fromMe: true, remote, id: await MsgKey.newId(), participant });
    const t = Math.floor(Date.now() / 1000);
    const reaction = { id: key.toString(), parent: message.id.toString(), from: me.toString(), text, t };
    await connection.request('sendReaction', { ...reaction, chat: remote.toString() });
    await receive(reaction, true);
    return { messageSendResult: 'OK' };
  }

  return { Reactions, receive, send };
});

define('WAWebAddonReactionTableMode', () => ({ reactionTableMode: { bulkUpsert: async () => undefined } }));

define('WAWebSendReactionMsgAction', (require) => ({
  sendReactionToMsg: (message, reaction) => require('sandbox/reactions').send(message, reaction ?? ''),
}));
