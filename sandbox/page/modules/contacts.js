define('WAWebContactGetters', (require) => {
  const isMe = (contact) => contact.id.equals(require('WAWebUserPrefsMeUser').getMaybeMePnUser());
  return {
    getIsMe: isMe,
    getIsUser: (contact) => contact.id.isUser(),
    getIsGroup: (contact) => contact.id.isGroup(),
    getIsWAContact: (contact) => contact.id.isUser(),
    getUserid: (contact) => contact.id.user,
    getVerifiedName: (contact) => contact.verifiedName,
    getVerifiedLevel: (contact) => contact.verifiedLevel,
    getStatusMute: (contact) => contact.statusMute,
    getName: (contact) => contact.name,
    getShortName: (contact) => contact.shortName ?? contact.name?.split(' ')[0],
    getPushname: (contact) => contact.pushname,
    getIsEnterprise: (contact) => contact.isEnterprise,
  };
});

define('WAWebFrontendContactGetters', () => ({ getIsMyContact: (contact) => contact.isAddressBookContact === 1 }));

/* A person's two addresses: the contact of the number says the lid, where the phone has assigned one. */
define('WAWebApiContact', (require) => {
  const { createWid } = require('WAWebWidFactory');
  const { Contact } = require('WAWebCollections');

  const getCurrentLid = (wid) => {
    const lid = wid.isLid() ? String(wid) : Contact.get(wid)?.lid;
    return lid === undefined ? undefined : createWid(lid);
  };
  const getPhoneNumber = (wid) => (wid.isLid() ? Contact.findFirst(({ lid }) => lid === String(wid))?.id : wid);

  return {
    getCurrentLid,
    getPhoneNumber,
    getAlternateUserWid: (wid) => (wid.isLid() ? getPhoneNumber(wid) : getCurrentLid(wid)),
  };
});

define('WAWebLidMigrationUtils', (require) => {
  const { getCurrentLid, getPhoneNumber } = require('WAWebApiContact');
  return { toPn: (wid) => (wid.isLid?.() ? getPhoneNumber(wid) : wid), toLid: getCurrentLid };
});

define('WAWebQueryExistsJob', (require) => {
  const { createWid } = require('WAWebWidFactory');
  return {
    async queryWidExists(wid) {
      const { exists } = await require('sandbox/connection').request('queryContact', { id: String(wid) });
      return exists ? { wid: createWid(wid), biz: false } : null;
    },
  };
});
