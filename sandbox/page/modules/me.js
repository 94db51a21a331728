define('WAWebUserPrefsMeUser', (require) => {
  const { me } = require('sandbox/identity');
  const { createWid, toUserWid } = require('WAWebWidFactory');
  const getMaybeMePnUser = () => (me() ? toUserWid(me()) : undefined);
  const getMeUser = () => {
    const user = getMaybeMePnUser();
    if (!user) throw new Error('getMeUser: no user is logged in');
    return user;
  };

  return {
    getMaybeMePnUser,
    // The sandbox addresses people by number; no account has a LID of its own.
    getMaybeMeLidUser: () => undefined,
    getMaybeMeDevicePn: () => (me() ? createWid(me()) : undefined),
    getMaybeMeUser: getMaybeMePnUser,
    getMeUser,
    getMePnUserOrThrow: getMeUser,
    isMeAccount: (wid) => toUserWid(wid).equals(getMaybeMePnUser()),
  };
});
