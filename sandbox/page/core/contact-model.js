define('sandbox/contact-model', (require) => {
  const { Model } = require('sandbox/model');

  class ContactModel extends Model {
    static hidden = ['commonGroups'];
    static defaults = () => ({
      type: 'in',
      labels: [],
      isBusiness: false,
      isEnterprise: false,
      isContactBlocked: false,
      statusMute: false,
      isAddressBookContact: 0,
    });

    get formattedName() {
      return this.name ?? this.pushname ?? `+${this.id.user}`;
    }

    get isGroup() {
      return this.id.isGroup();
    }

    get isMe() {
      return this.id.equals(require('WAWebUserPrefsMeUser').getMaybeMePnUser());
    }
  }

  return { ContactModel };
});
