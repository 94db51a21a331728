import { z } from 'zod';

export const person = z
  .string()
  .regex(/^\d{5,20}(@(c\.us|lid))?$/, 'a person is a phone number in digits, or an id such as 15551234567@c.us');
export const groupId = z.string().regex(/^[\d-]{5,40}@g\.us$/, 'a group is an id such as 120363041234567890@g.us');
export const chatId = z.union([person, groupId]);

export const textInput = z.strictObject({
  from: person,
  body: z.string(),
  group: groupId.optional(),
  /** Addressed to many: a status update, a broadcast list, a channel. */
  post: z
    .string()
    .regex(
      /^(status|\d{5,30})@broadcast$|^\d{5,30}@newsletter$/,
      'a post goes to status@broadcast, a list or a channel',
    )
    .optional(),
  /** The id that the sender's client has made for it. Default: one of its own. */
  stanzaId: z
    .string()
    .regex(/^[\w.-]{4,64}$/)
    .optional(),
  /** Id of the message that this one answers, as in `phone.sent` or `phone.received`. */
  quoted: z.string().optional(),
  mentions: z.array(person).optional(),
  pushname: z.string().optional(),
  /** The message comes undecipherable (type `ciphertext`) and can be read only after so many milliseconds. */
  decryptedAfterMs: z.number().int().min(0).max(600_000).optional(),
});
export type TextInput = z.output<typeof textInput>;

export const mediaInput = z.strictObject({
  ...textInput.omit({ body: true }).shape,
  mimetype: z.string().regex(/^\w+\/[\w.+-]+/, 'a mimetype is something like image/png'),
  /** Base64. */
  data: z.base64(),
  filename: z.string().optional(),
  caption: z.string().optional(),
  type: z.enum(['image', 'video', 'audio', 'ptt', 'document', 'sticker']).optional(),
});
export type MediaInput = z.output<typeof mediaInput>;

export const reactionInput = z.strictObject({
  from: person,
  messageId: z.string(),
  /** An emoji; empty takes the reaction back. */
  text: z.string(),
  group: groupId.optional(),
});

export const voteInput = z.strictObject({
  from: person,
  messageId: z.string(),
  /** Texts of the chosen options; empty takes the vote back. */
  options: z.array(z.string()),
});
export type VoteInput = z.output<typeof voteInput>;

export const callInput = z.strictObject({
  from: person,
  isVideo: z.boolean().default(false),
  isGroup: z.boolean().default(false),
});
export type CallInput = z.input<typeof callInput>;

export const phoneMessageInput = z.strictObject({ to: chatId, body: z.string() });

export const groupInput = z.strictObject({
  id: groupId.optional(),
  subject: z.string().min(1),
  /** Without the account itself, which is always a member. */
  participants: z.array(person).min(1),
  admins: z.array(person).default([]),
  description: z.string().optional(),
});
export type GroupInput = z.input<typeof groupInput>;

export const participantsInput = z.strictObject({
  group: groupId,
  action: z.enum(['add', 'remove', 'leave', 'promote', 'demote', 'invite']),
  participants: z.array(person).min(1),
  by: person.optional(),
});
export type ParticipantsInput = z.output<typeof participantsInput>;

export interface Receipt {
  /** The message's id as the bot sees it. */
  id: string;
  /** Seconds. */
  timestamp: number;
}
