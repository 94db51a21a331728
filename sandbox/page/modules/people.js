/* Blocking, profiles and pictures. */
define('WAWebBlockContactUtils', () => ({ getContactToBlockOnlyUseIfNoAssociatedChat: (contact) => contact }));

define('WAWebBlockContactAction', (require) => {
  const connection = require('sandbox/connection');
  const store = require('sandbox/store');

  async function change(contact, blocked) {
    const id = String(contact.id);
    await connection.request('action', { name: blocked ? 'block' : 'unblock', contact: id });
    const { Blocklist } = require('WAWebCollections');
    if (blocked) Blocklist.add({ id: contact.id });
    else Blocklist.remove(contact.id);
    store.contactFor(id, { isContactBlocked: blocked });
  }

  return {
    blockContact: ({ contact }) => change(contact, true),
    unblockContact: (contact) => change(contact, false),
  };
});

define('WAWebContactStatusBridge', (require) => {
  const connection = require('sandbox/connection');
  return {
    setMyStatus: (status) => connection.request('action', { name: 'setStatus', status }),
    getStatus: async ({ wid }) => {
      const { contact } = await connection.request('queryContact', { id: String(wid) });
      return { id: wid, status: contact?.about };
    },
  };
});

define('WAWebSetPushnameConnAction', (require) => ({
  async setPushname(pushname) {
    await require('sandbox/connection').request('setPushname', { pushname });
    require('WAWebConnModel').Conn.pushname = pushname;
  },
}));

define('sandbox/profile-pictures', (require) => {
  const { Collection } = require('sandbox/collection');
  const { Model } = require('sandbox/model');

  class Picture extends Model {
    canSet() {
      return true;
    }

    canDelete() {
      return true;
    }
  }

  class Pictures extends Collection {
    async find(id) {
      return this.get(id) ?? this.add({ id: String(id) })[0];
    }
  }

  return { ProfilePicThumb: new Pictures(Picture) };
});

define('WAWebContactProfilePicThumbBridge', (require) => {
  const connection = require('sandbox/connection');
  const act = async (name, id) => {
    await connection.request('action', { name, chat: String(id) });
    return { status: 200 };
  };
  return {
    sendSetPicture: (wid) => act('setPicture', wid),
    requestDeletePicture: (wid) => act('deletePicture', wid),
    // Nobody here has a picture, which a bot must be ready for anyway.
    requestProfilePicFromServer: async () => undefined,
  };
});

define('WAWebPhoneUtils', () => ({ formattedPhoneNumber: (id) => `+${String(id).split('@')[0]}` }));

define('WAWebFindCommonGroupsContactAction', (require) => ({
  async findCommonGroups(contact) {
    const { Collection } = require('sandbox/collection');
    const { GroupMetadata } = require('WAWebCollections');
    const common = new Collection();
    for (const group of GroupMetadata.filter(({ participants }) => participants.get(contact.id))) {
      common.add({ id: group.id });
    }
    contact.set({ commonGroups: common });
    return common;
  },
}));
