define('sandbox/group-model', (require) => {
  const { Model } = require('sandbox/model');
  const { Collection } = require('sandbox/collection');
  const { createWid } = require('WAWebWidFactory');

  class ParticipantCollection extends Collection {
    iAmAdmin() {
      const me = this.get(require('WAWebUserPrefsMeUser').getMaybeMePnUser());
      return Boolean(me?.isAdmin);
    }

    iAmMember() {
      return this.get(require('WAWebUserPrefsMeUser').getMaybeMePnUser()) !== undefined;
    }
  }

  class GroupMetadataModel extends Model {
    static defaults = () => ({
      announce: false,
      restrict: false,
      isLidAddressingMode: false,
      memberAddMode: 'all_member_add',
      membershipApprovalMode: false,
      participants: new ParticipantCollection(),
      membershipApprovalRequests: new Collection(),
    });

    /** Takes the server's plain record. */
    take({ id, participants, owner, ...rest }) {
      this.set({ ...rest, ...(owner && { owner: createWid(owner) }) });
      if (!participants) return;
      const kept = new Set(participants.map((participant) => participant.id));
      this.participants.remove(this.participants.filter((participant) => !kept.has(String(participant.id))));
      for (const { id: participantId, ...roles } of participants) {
        const [model] = this.participants.add({ id: createWid(participantId), ...roles });
        model.set(roles);
      }
      this.set({ size: participants.length });
    }

    toRecord() {
      const { participants, membershipApprovalRequests, ...attributes } = this.serialize();
      return require('sandbox/wire').flatten({ ...attributes, participants });
    }
  }

  return { GroupMetadataModel };
});
