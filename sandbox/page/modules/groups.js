/* What an account does to its groups. The server decides; its notification changes the models. */
define('WAWebGroupQueryJob', (require) => {
  const connection = require('sandbox/connection');
  const { GroupMetadata } = require('WAWebCollections');
  return {
    queryAndUpdateGroupMetadataById: ({ id }) => GroupMetadata.update(id),
    resetGroupInviteCode: (wid) => connection.request('resetInviteCode', { id: String(wid) }),
    queryGroupInvite: (code) => connection.request('queryInvite', { code }),
  };
});

define('WAWebMexFetchGroupInviteCodeJob', (require) => ({
  fetchMexGroupInviteCode: (id) => require('sandbox/connection').request('inviteCode', { id: String(id) }),
}));

define('WAWebGroupCreateJob', (require) => {
  const { createWid } = require('WAWebWidFactory');
  return {
    async createGroup({ title }, participants) {
      const store = require('sandbox/store');
      const { group } = await require('sandbox/connection').request('createGroup', {
        subject: title,
        participants: participants.map(({ phoneNumber }) => String(phoneNumber)),
      });
      store.groupFor(group);
      store.chatOf(group.id);
      return {
        wid: createWid(group.id),
        subject: group.subject,
        participants: group.participants.map(({ id, isSuperAdmin }) => ({
          wid: createWid(id),
          type: isSuperAdmin ? 'superadmin' : undefined,
        })),
      };
    },
  };
});

define('WAWebModifyParticipantsGroupAction', (require) => {
  const change = (action) => (chat, participants) =>
    require('sandbox/connection').request('changeParticipants', {
      group: String(chat.id),
      action,
      participants: participants.map(({ id }) => String(id)),
    });
  return {
    removeParticipants: change('remove'),
    promoteParticipants: change('promote'),
    demoteParticipants: change('demote'),
  };
});

define('WASmaxGroupsAddParticipantsRPC', (require) => ({
  async sendAddParticipantsRPC({ participantArgs, iqTo }) {
    const { createWid } = require('WAWebWidFactory');
    await require('sandbox/connection').request('changeParticipants', {
      group: String(createWid(iqTo)),
      action: 'add',
      participants: participantArgs.map(({ participantJid }) => String(createWid(participantJid))),
    });
    const value = { addParticipantsParticipantMixins: { name: 'ParticipantAdded', value: {} } };
    return {
      name: 'AddParticipantsResponseSuccess',
      value: {
        addParticipant: [
          { addParticipantsParticipantAddedOrNonRegisteredWaUserParticipantErrorLidResponseMixinGroup: { value } },
        ],
      },
    };
  },
}));

define('WAWebGroupModifyInfoJob', (require) => {
  const change = (id, properties) =>
    require('sandbox/connection').request('changeGroup', { id: String(id), properties });
  return {
    setGroupSubject: (wid, subject) => change(wid, { subject }),
    setGroupDescription: (wid, desc, descId) => change(wid, { desc, descId }),
  };
});

define('WAWebSetPropertyGroupAction', (require) => {
  const names = {
    announcement: (value) => ({ announce: value === 1 }),
    restrict: (value) => ({ restrict: value === 1 }),
    member_add_mode: (value) => ({ memberAddMode: value === 1 ? 'all_member_add' : 'admin_add' }),
  };
  return {
    setGroupProperty: (chat, property, value) =>
      require('sandbox/connection').request('changeGroup', { id: String(chat.id), properties: names[property](value) }),
  };
});

define('WAWebExitGroupAction', (require) => ({
  sendExitGroup: (chat) => require('sandbox/connection').request('leaveGroup', { id: String(chat.id) }),
}));
