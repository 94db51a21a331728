define('WAWebCollections', (require) => {
  const { Collection } = require('sandbox/collection');
  const { ChatModel } = require('sandbox/chat-model');
  const { ContactModel } = require('sandbox/contact-model');
  const { GroupMetadataModel } = require('sandbox/group-model');
  const { MsgModel } = require('sandbox/message-model');
  const connection = require('sandbox/connection');
  const storage = require('sandbox/storage');
  const { createWid } = require('WAWebWidFactory');
  const MsgKey = require('WAWebMsgKey');
  const store = () => require('sandbox/store');

  class Messages extends Collection {
    /** Also finds messages that only the profile has. */
    async getMessagesById(ids) {
      const found = await Promise.all(
        ids.map(async (id) => {
          const key = MsgKey.from(id).toString();
          if (this.get(key)) return this.get(key);
          const record = await storage.message(key);
          return record && store().show(record);
        }),
      );
      return { messages: found.filter(Boolean) };
    }

    async search(query, page = 1, count = 20, remote) {
      const wanted = query.toLowerCase();
      const matches = (await storage.allMessages()).filter(
        (message) =>
          (!remote || message.chat === remote) &&
          `${message.body ?? ''} ${message.caption ?? ''}`.toLowerCase().includes(wanted),
      );
      const start = (page - 1) * count;
      return { messages: matches.slice(start, start + count).map(store().show), eof: start + count >= matches.length };
    }
  }

  class Chats extends Collection {
    async find(id) {
      return store().chatOf(id);
    }
  }

  class Contacts extends Collection {
    async find(id) {
      const wid = createWid(id);
      if (this.get(wid)) return this.get(wid);
      const { contact } = await connection.request('queryContact', { id: wid.toString() });
      return store().contactFor(wid.toString(), contact ?? {});
    }
  }

  class Groups extends Collection {
    async update(id) {
      const { group } = await connection.request('queryGroup', { id: String(id) });
      return store().groupFor(group);
    }

    async find(id) {
      return this.get(id) ?? this.update(id);
    }
  }

  const Contact = new Contacts(ContactModel);
  const GroupMetadata = new Groups(GroupMetadataModel);

  return {
    Msg: new Messages(MsgModel),
    Chat: new Chats(ChatModel),
    Contact,
    GroupMetadata,
    WAWebGroupMetadataCollection: GroupMetadata,
    Blocklist: new Collection(),
    BusinessProfile: new Collection(),
    Label: new Collection(),
    Status: new Collection(),
    WAWebNewsletterCollection: new Collection(),
    WAWebNewsletterMetadataCollection: new Collection(),
    get Reactions() {
      return require('sandbox/reactions').Reactions;
    },
    get ProfilePicThumb() {
      return require('sandbox/profile-pictures').ProfilePicThumb;
    },
  };
});

define('WAWebContactCollection', (require) => {
  const { Contact } = require('WAWebCollections');
  return {
    ContactCollection: Contact,
    getMeContact: () => Contact.get(require('WAWebUserPrefsMeUser').getMaybeMePnUser()),
  };
});
