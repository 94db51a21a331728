import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Account } from './account.js';
import type { WireMessage } from './messages.js';
import { formatKey, newMessageId, nextMoment, parseKey, userId } from './messages.js';
import { parseInput } from './options.js';
import type { CallInput, MediaInput, Receipt, TextInput, VoteInput } from './phone-input.js';
import { callInput, mediaInput, phoneMessageInput, reactionInput, textInput, voteInput } from './phone-input.js';
import type { World } from './world.js';

const pollOption = z.object({ name: z.string(), localId: z.number() });
const typeByFamily: Record<string, string> = { image: 'image', video: 'video', audio: 'audio' };

/** What contacts send to an account. */
export class PhoneMessages {
  constructor(
    private readonly account: Account,
    private readonly world: World,
  ) {}

  text(input: TextInput): Receipt {
    const { body, ...envelope } = parseInput(textInput, input, 'receiveText');
    return this.#receive(envelope, { type: 'chat', body });
  }

  media(input: MediaInput): Receipt {
    const parsed = parseInput(mediaInput, input, 'receiveMedia');
    const { mimetype, data, filename, caption, type, ...envelope } = parsed;
    const bytes = Buffer.from(data, 'base64');
    const hash = createHash('sha256').update(bytes).digest('base64');
    return this.#receive(envelope, {
      type: type ?? typeByFamily[mimetype.split('/')[0] ?? ''] ?? 'document',
      body: '',
      mimetype,
      size: bytes.length,
      filehash: hash,
      encFilehash: hash,
      mediaKey: randomBytes(32).toString('base64'),
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
      directPath: this.world.keepMedia(bytes),
      ...(caption !== undefined && { caption }),
      ...(filename !== undefined && { filename }),
    });
  }

  reaction(input: { from: string; messageId: string; text: string; group?: string }): Receipt {
    const { from, messageId, text, group } = parseInput(reactionInput, input, 'receiveReaction');
    this.#find(messageId);
    const sender = userId(from);
    const { t } = nextMoment();
    const remote = group ?? sender;
    const participant = group === undefined ? {} : { participant: sender };
    const id = formatKey({ fromMe: false, remote, id: newMessageId(), ...participant });
    const author = group === undefined ? {} : { author: sender };
    this.#deliver({ kind: 'reaction', reaction: { id, parent: messageId, from: remote, ...author, text, t } });
    return { id, timestamp: t };
  }

  vote(input: VoteInput): Receipt {
    const { from, messageId, options } = parseInput(voteInput, input, 'receiveVote');
    const poll = this.#find(messageId).raw;
    const known = z.array(pollOption).parse(poll['pollOptions'] ?? []);
    const optionIds = options.map((name) => {
      const option = known.find((candidate) => candidate.name === name);
      if (option) return option.localId;
      throw new Error(
        `The poll has no option "${name}"; it has: ${known.map((each) => each.name).join(', ') || 'none'}.`,
      );
    });
    const { t } = nextMoment();
    const sender = userId(from);
    const id = formatKey({ fromMe: false, remote: poll.chat, id: newMessageId(), participant: sender });
    this.#deliver({ kind: 'vote', vote: { id, parent: messageId, from: sender, optionIds, t } });
    return { id, timestamp: t };
  }

  call(input: CallInput): { id: string } {
    const { from, isVideo, isGroup } = parseInput(callInput, input, 'receiveCall');
    const id = randomBytes(16).toString('hex').toUpperCase();
    const peerJid = userId(from);
    this.#deliver({
      kind: 'call',
      call: {
        id,
        peerJid,
        isVideo,
        isGroup,
        outgoing: false,
        offerTime: Math.floor(Date.now() / 1000),
        canHandleLocally: false,
        webClientShouldHandle: false,
        participants: [],
      },
    });
    return { id };
  }

  fromPhone(input: { to: string; body: string }): Receipt {
    const { to, body } = parseInput(phoneMessageInput, input, 'sendFromPhone');
    const chat = userId(to);
    const moment = nextMoment();
    const participant = chat.endsWith('@g.us') ? { participant: this.account.id } : {};
    const id = formatKey({ fromMe: true, remote: chat, id: newMessageId(), ...participant });
    const message = { id, chat, from: this.account.id, to: chat, type: 'chat', body, ...moment, ack: 1 };
    this.#deliver({ kind: 'message', message });
    return { id, timestamp: moment.t };
  }

  edit(messageId: string, body: string): void {
    const message = this.#received(messageId);
    message.raw.body = message.body = body;
    this.#deliver({ kind: 'edit', messageId, body, t: Math.floor(Date.now() / 1000) });
  }

  revoke(messageId: string): void {
    const message = this.#received(messageId);
    message.type = message.raw.type = 'revoked';
    const protocolMessageKey = formatKey({ ...parseKey(messageId), id: newMessageId() });
    this.#deliver({ kind: 'revoke', messageId, protocolMessageKey });
  }

  acknowledge(messageId: string, ack: number): void {
    const message = this.account.sent.find(({ id }) => id === messageId);
    if (!message) throw new Error(`${this.account.number} has sent no message with the id ${messageId}.`);
    if (![1, 2, 3].includes(ack)) throw new Error(`${ack} is not an acknowledgment: 1 server, 2 delivered, 3 read.`);
    message.ack = Math.max(message.ack, ack);
    this.#deliver({ kind: 'ack', messageId, ack });
  }

  #receive(
    envelope: Omit<TextInput, 'body'>,
    content: { type: string; body: string; [attribute: string]: unknown },
  ): Receipt {
    const { group, post, stanzaId, quoted, mentions, pushname, decryptedAfterMs } = envelope;
    const sender = userId(envelope.from);
    if (group !== undefined && !this.account.groups.has(group)) {
      throw new Error(`${this.account.number} is in no group ${group}. Create it first with phone.groups.create().`);
    }
    const chat = group ?? post ?? sender;
    const contact = this.account.contact(sender);
    const moment = nextMoment();
    const isAuthored = group !== undefined || post?.endsWith('@broadcast') === true;
    const participant = isAuthored ? { participant: sender } : {};
    const message: WireMessage = {
      id: formatKey({ fromMe: false, remote: chat, id: stanzaId ?? newMessageId(), ...participant }),
      chat,
      from: chat,
      to: this.account.id,
      ...(isAuthored && { author: sender }),
      ...(post === 'status@broadcast' && { isStatusV3: true }),
      ...(post?.endsWith('@broadcast') === true && { broadcast: true }),
      ...moment,
      ack: 1,
      notifyName: pushname ?? contact.pushname,
      ...(mentions && { mentionedJidList: mentions.map(userId) }),
      ...(quoted !== undefined && this.#quotation(quoted)),
      ...content,
    };
    const caption = message['caption'];
    this.account.receive({
      id: message.id,
      chat,
      from: sender,
      body: typeof caption === 'string' ? caption : message.body,
      type: message.type,
      timestamp: message.t,
      ack: 1,
      raw: message,
    });
    if (decryptedAfterMs === undefined) {
      this.#deliver({ kind: 'message', message });
    } else {
      this.#deliver({ kind: 'message', message: { ...message, type: 'ciphertext', body: '' } });
      setTimeout(() => this.#deliver({ kind: 'decrypted', message }), decryptedAfterMs).unref();
    }
    return { id: message.id, timestamp: message.t };
  }

  #quotation(messageId: string): Record<string, unknown> {
    const { raw } = this.#find(messageId);
    const { type, body, caption, mimetype, filename } = raw;
    return {
      quotedMsg: { type, body, caption, mimetype, filename },
      quotedStanzaID: parseKey(messageId).id,
      quotedParticipant: raw.author ?? raw.from,
    };
  }

  #find(messageId: string): { raw: WireMessage } {
    const message = [...this.account.sent, ...this.account.received].find(({ id }) => id === messageId);
    if (!message) throw new Error(`${this.account.number} has neither sent nor received a message ${messageId}.`);
    return message;
  }

  #received(messageId: string): Account['received'][number] {
    const message = this.account.received.find(({ id }) => id === messageId);
    if (!message) throw new Error(`${this.account.number} has received no message with the id ${messageId}.`);
    return message;
  }

  #deliver(event: Parameters<Account['deliver']>[0]): void {
    this.account.deliver(event);
    this.world.changed();
  }
}
