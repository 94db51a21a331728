import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { GroupRecord } from '../events.js';
import type { RequestContext, RequestHandler } from './index.js';
import { linkedAccount } from './linked-account.js';
import { RefusedRequest } from './refused-request.js';

const query = z.object({ id: z.string() });
const creation = z.object({ subject: z.string(), participants: z.array(z.string()) });
const participantsChange = z.object({
  group: z.string(),
  action: z.enum(['add', 'remove', 'promote', 'demote']),
  participants: z.array(z.string()),
});
const properties = z.object({ id: z.string(), properties: z.record(z.string(), z.unknown()) });

export const groupRequests: Record<string, RequestHandler> = {
  queryGroup: (body, context) => ({ group: find(body, context) }),

  createGroup(body, context) {
    const { account } = linkedAccount(context);
    const group = context.world.phone(account.number).groups.create(creation.parse(body));
    return { group };
  },

  changeParticipants(body, context) {
    const { account } = linkedAccount(context);
    const change = participantsChange.parse(body);
    administered(find({ id: change.group }, context), account.id);
    context.world.phone(account.number).groups.changeParticipants({ ...change, by: account.id });
  },

  changeGroup(body, context) {
    const { account } = linkedAccount(context);
    const change = properties.parse(body);
    const group = find(change, context);
    if (group['restrict'] === true) administered(group, account.id);
    const { subject } = change.properties;
    if (typeof subject === 'string') {
      context.world.phone(account.number).groups.changeSubject(group.id, subject, account.id);
    }
    Object.assign(group, change.properties);
    account.deliver({ kind: 'group', group });
    account.actions.push({ name: 'changeGroup', timestamp: Math.floor(Date.now() / 1000), ...change });
    context.world.changed();
  },

  leaveGroup(body, context) {
    const { account } = linkedAccount(context);
    const group = find(body, context);
    const participants = [account.id];
    context.world.phone(account.number).groups.changeParticipants({
      group: group.id,
      action: 'leave',
      participants,
      by: account.id,
    });
  },

  inviteCode: (body, context) => ({ code: inviteCode(find(body, context)) }),

  resetInviteCode(body, context) {
    const group = find(body, context);
    delete group['inviteCode'];
    return { code: inviteCode(group) };
  },
};

function find(body: unknown, context: RequestContext): GroupRecord {
  const group = linkedAccount(context).account.groups.get(query.parse(body).id);
  if (!group) throw new RefusedRequest(404, 'item-not-found');
  return group;
}

function administered(group: GroupRecord, id: string): void {
  if (!group.participants.some((member) => member.id === id && member.isAdmin)) {
    throw new RefusedRequest(403, 'forbidden');
  }
}

function inviteCode(group: GroupRecord): string {
  group['inviteCode'] ??= randomBytes(16).toString('base64url');
  return String(group['inviteCode']);
}
