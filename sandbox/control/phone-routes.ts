import { z } from 'zod';
import type { Phone } from '../index.js';
import { deviceState } from '../conditions.js';
import { parseInput } from '../options.js';
import { groupId, person } from '../phone-input.js';

type PhoneAction = (phone: Phone, body: unknown) => unknown;

/** A route whose body has this shape. */
function action<Schema extends z.ZodType>(
  schema: Schema,
  act: (phone: Phone, body: z.output<Schema>) => unknown,
): PhoneAction {
  return (phone, body) => act(phone, parseInput(schema, body, 'body'));
}

const nothing = z.strictObject({});
const timeoutMs = z.number().int().min(0).max(600_000).default(30_000);
const messageId = z.string().min(1);
const ack = z.union([z.literal(1), z.literal(2), z.literal(3)]);

/** GET /phones/:number/<name> */
export const phoneLists: Record<string, (phone: Phone) => unknown> = {
  sent: ({ sent }) => sent,
  received: ({ received }) => received,
  actions: ({ actions }) => actions,
  groups: ({ groups }) => groups.all,
};

/** POST /phones/:number/<name>. Where the method of the phone checks its own input, the body is passed as it is. */
export const phoneActions: Record<string, PhoneAction> = {
  scan: action(z.strictObject({ qr: z.string().optional(), timeoutMs }), async (phone, { qr, timeoutMs }) => {
    await phone.scanQr(qr, { timeoutMs });
    return phone.status;
  }),
  'pairing-code': action(z.strictObject({ code: z.string().optional(), timeoutMs }), async (phone, body) => {
    await phone.enterPairingCode(body.code, { timeoutMs: body.timeoutMs });
    return phone.status;
  }),
  refuse: action(z.strictObject({ afterScan: z.boolean().default(false) }), (phone, input) => phone.refuse(input)),
  unlink: action(nothing, (phone) => phone.unlink()),
  'limit-pairing-codes': action(z.strictObject({ limited: z.boolean().default(true) }), (phone, { limited }) =>
    phone.limitPairingCodes(limited),
  ),

  'receive-text': (phone, body) => phone.receiveText(body as Parameters<Phone['receiveText']>[0]),
  'receive-media': (phone, body) => phone.receiveMedia(body as Parameters<Phone['receiveMedia']>[0]),
  'receive-reaction': (phone, body) => phone.receiveReaction(body as Parameters<Phone['receiveReaction']>[0]),
  'receive-vote': (phone, body) => phone.receiveVote(body as Parameters<Phone['receiveVote']>[0]),
  'receive-call': (phone, body) => phone.receiveCall(body as Parameters<Phone['receiveCall']>[0]),
  'send-from-phone': (phone, body) => phone.sendFromPhone(body as Parameters<Phone['sendFromPhone']>[0]),
  edit: action(z.strictObject({ messageId, body: z.string() }), (phone, input) =>
    phone.edit(input.messageId, input.body),
  ),
  revoke: action(z.strictObject({ messageId }), (phone, input) => phone.revoke(input.messageId)),
  acknowledge: action(z.strictObject({ messageId, ack }), (phone, input) =>
    phone.acknowledge(input.messageId, input.ack),
  ),
  'acknowledge-automatically': action(z.strictObject({ ack }), (phone, input) =>
    phone.acknowledgeAutomatically(input.ack),
  ),
  'seed-history': (phone, body) => phone.seedHistory(body as Parameters<Phone['seedHistory']>[0]),
  'create-group': (phone, body) => phone.groups.create(body as Parameters<Phone['groups']['create']>[0]),
  'change-participants': (phone, body) =>
    phone.groups.changeParticipants(body as Parameters<Phone['groups']['changeParticipants']>[0]),
  'change-subject': action(
    z.strictObject({ group: groupId, subject: z.string().min(1), by: person.optional() }),
    (phone, { group, subject, by }) => phone.groups.changeSubject(group, subject, by),
  ),

  'wait-for': action(
    z.strictObject({ condition: z.enum(['linked', 'unlinked', 'connected', 'offline', 'synced']), timeoutMs }),
    (phone, input) => phone.waitFor(input.condition, { timeoutMs: input.timeoutMs }),
  ),
  /** The first message that fits all that is given. */
  'wait-for-sent': action(
    z.strictObject({
      to: z.string().optional(),
      body: z.string().optional(),
      quotedMessageId: z.string().optional(),
      /** Only messages after the first so many. */
      after: z.number().int().min(0).default(0),
      timeoutMs,
    }),
    (phone, { to, body, quotedMessageId, after, timeoutMs }) =>
      phone.waitForSent(
        (message) =>
          (to === undefined || message.to === to) &&
          (body === undefined || message.body === body) &&
          (quotedMessageId === undefined || message.quotedMessageId === quotedMessageId) &&
          phone.sent.indexOf(message) >= after,
        { timeoutMs },
      ),
  ),
  'wait-for-ack': action(
    z.strictObject({ messageId, ack: z.union([z.literal(2), z.literal(3)]), timeoutMs }),
    (phone, input) => phone.waitForAck(input.messageId, input.ack, { timeoutMs: input.timeoutMs }),
  ),
  /** The first action of this name. */
  'wait-for-action': action(
    z.strictObject({
      name: z.string().optional(),
      /** Only actions after the first so many. */
      after: z.number().int().min(0).default(0),
      timeoutMs,
    }),
    (phone, { name, after, timeoutMs }) =>
      phone.waitForAction(
        (deed) => (name === undefined || deed.name === name) && phone.actions.indexOf(deed) >= after,
        { timeoutMs },
      ),
  ),

  'hold-login': action(nothing, (phone) => void phone.holdLogin()),
  'release-login': action(nothing, (phone) => phone.releaseLogin()),
  'open-elsewhere': action(
    z.strictObject({ stubborn: z.boolean().default(false) }),
    (phone, input) => void phone.openElsewhere(input),
  ),
  'close-elsewhere': action(nothing, (phone) => phone.closeElsewhere()),
  'drop-socket': action(nothing, (phone) => phone.dropSocket()),
  sync: (phone, body) => void phone.sync(body as Parameters<Phone['sync']>[0]),
  'release-sync': action(nothing, (phone) => phone.releaseSync()),
  synced: action(z.strictObject({ synced: z.boolean() }), (phone, { synced }) => phone.setSynced(synced)),
  state: action(z.strictObject({ state: deviceState }), (phone, { state }) => phone.setState(state)),
  'reload-page': action(nothing, (phone) => phone.reloadPage()),
  deafen: action(nothing, (phone) => phone.deafen()),
  'forget-utilities': action(nothing, (phone) => phone.forgetUtilities()),
  'count-listeners': action(nothing, async (phone) => ({ listeners: await phone.countListeners() })),
  'freeze-page': action(z.strictObject({ forMs: z.number().int().min(0).optional() }), (phone, { forMs }) =>
    phone.freezePage(forMs),
  ),
  'crash-page': action(nothing, (phone) => phone.crashPage()),
  'damage-profile': action(z.strictObject({ part: z.enum(['localStorage', 'indexedDB']) }), (phone, { part }) =>
    phone.damageProfile(part),
  ),
};
