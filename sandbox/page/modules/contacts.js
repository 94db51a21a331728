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

define('WAWebApiContact', () => ({
  // No account of the sandbox has a LID: numbers are the only addresses.
  getAlternateUserWid: () => undefined,
  getCurrentLid: () => undefined,
  getPhoneNumber: (wid) => (wid.isLid() ? undefined : wid),
}));

define('WAWebLidMigrationUtils', () => ({ toPn: (wid) => (wid.isLid?.() ? undefined : wid), toLid: () => undefined }));

define('WAWebQueryExistsJob', (require) => {
  const { createWid } = require('WAWebWidFactory');
  return {
    async queryWidExists(wid) {
      const { exists } = await require('sandbox/connection').request('queryContact', { id: String(wid) });
      return exists ? { wid: createWid(wid), biz: false } : null;
    },
  };
});
