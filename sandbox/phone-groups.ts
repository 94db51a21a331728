import { randomInt } from 'node:crypto';
import type { Account } from './account.js';
import type { GroupRecord } from './events.js';
import { formatKey, newMessageId, nextMoment, userId } from './messages.js';
import { parseInput } from './options.js';
import type { GroupInput, ParticipantsInput } from './phone-input.js';
import { groupInput, participantsInput } from './phone-input.js';
import type { World } from './world.js';

/** The groups that an account is a member of, and what others do there. */
export class PhoneGroups {
  constructor(
    private readonly account: Account,
    private readonly world: World,
  ) {}

  get all(): readonly GroupRecord[] {
    return [...this.account.groups.values()];
  }

  /** Somebody (or the account itself) has created a group with the account in it. */
  create(input: GroupInput): GroupRecord {
    const { id, subject, participants, admins, description } = parseInput(groupInput, input, 'groups.create');
    const members = [...new Set([this.account.id, ...participants.map(userId), ...admins.map(userId)])];
    const adminIds = new Set(admins.map(userId));
    const group: GroupRecord = {
      id: id ?? `1203630${randomInt(1e10, 9e10)}@g.us`,
      subject,
      owner: admins[0] === undefined ? this.account.id : userId(admins[0]),
      creation: Math.floor(Date.now() / 1000),
      ...(description !== undefined && { desc: description }),
      participants: members.map((member) => {
        const isAdmin = adminIds.size === 0 ? member === this.account.id : adminIds.has(member);
        return { id: member, isAdmin, isSuperAdmin: false };
      }),
    };
    this.account.groups.set(group.id, group);
    this.account.deliver({ kind: 'group', group });
    this.notify(group, 'create', userId(group.owner), []);
    return group;
  }

  /** Members come, go, and get or lose rights; the bot sees a notification in the group. */
  changeParticipants(input: ParticipantsInput): GroupRecord {
    const { group: id, action, participants, by } = parseInput(participantsInput, input, 'groups.changeParticipants');
    const group = this.#get(id);
    const ids = participants.map(userId);
    group.participants = changed(group.participants, action, ids);
    this.account.deliver({ kind: 'group', group });
    this.notify(group, action, by === undefined ? group.owner : userId(by), ids);
    return group;
  }

  changeSubject(id: string, subject: string, by?: string): GroupRecord {
    const group = this.#get(id);
    group.subject = subject;
    this.account.deliver({ kind: 'group', group });
    this.notify(group, 'subject', by === undefined ? group.owner : userId(by), [], subject);
    return group;
  }

  /** The grey line in a group's chat. */
  notify(group: GroupRecord, subtype: string, author: string, recipients: string[], body = ''): void {
    const id = formatKey({
      fromMe: author === this.account.id,
      remote: group.id,
      id: newMessageId(),
      participant: author,
    });
    this.account.deliver({
      kind: 'message',
      message: {
        id,
        chat: group.id,
        from: group.id,
        to: this.account.id,
        author,
        type: 'gp2',
        subtype,
        body,
        recipients,
        ...nextMoment(),
        ack: 1,
      },
    });
    this.world.changed();
  }

  #get(id: string): GroupRecord {
    const group = this.account.groups.get(id);
    if (!group)
      throw new Error(`${this.account.number} is in no group ${id}. Create it first with phone.groups.create().`);
    return group;
  }
}

type Participants = GroupRecord['participants'];

function changed(members: Participants, action: ParticipantsInput['action'], ids: readonly string[]): Participants {
  const named = new Set(ids);
  switch (action) {
    case 'add':
    case 'invite':
      return [
        ...members.filter(({ id }) => !named.has(id)),
        ...ids.map((id) => ({ id, isAdmin: false, isSuperAdmin: false })),
      ];
    case 'remove':
    case 'leave':
      return members.filter(({ id }) => !named.has(id));
    case 'promote':
    case 'demote':
      return members.map((member) => (named.has(member.id) ? { ...member, isAdmin: action === 'promote' } : member));
  }
}
