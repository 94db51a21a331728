import { afterAll, beforeAll, expect, test } from 'vitest';
import whatsapp from 'whatsapp-web.js';
import type { Call, Client, GroupChat, GroupNotification, Message, PollVote, Reaction } from 'whatsapp-web.js';
import type { Phone, Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';
import type { PlainLibrary } from './plain-library.js';
import { createProfile, startPlainLibrary } from './plain-library.js';

const ann = '15551234567';
const bob = '15557654321';
const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let profile: Awaited<ReturnType<typeof createProfile>>;
let sandbox: Sandbox;
let library: PlainLibrary;
let client: Client;
let phone: Phone;

// The plain library understands the message keys of the builds before July 2026 only.
beforeAll(async () => {
  profile = await createProfile();
  sandbox = await startSandbox({ build: 'legacy', autoLink: { number: '15550001000' } });
  phone = sandbox.phone('15550001000');
  library = startPlainLibrary(sandbox, profile.folder);
  client = library.client;
  await library.next('ready');
});

afterAll(async () => {
  await library.stop();
  await sandbox.close();
  await profile.remove();
});

async function receive(act: () => Promise<{ id: string }>): Promise<Message> {
  await act();
  const [message] = (await library.next('message')) as [Message];
  return message;
}

test('a reply quotes the message that it answers', async () => {
  const message = await receive(() => phone.receiveText({ from: ann, body: '!ping' }));
  expect(message).toMatchObject({ body: '!ping', from: `${ann}@c.us`, type: 'chat', fromMe: false });
  const reply = await message.reply('pong');
  const sent = await phone.waitForSent(({ body }) => body === 'pong');
  expect(sent).toMatchObject({ to: `${ann}@c.us`, quotedMessageId: message.id._serialized });
  expect(reply.id._serialized).toBe(sent.id);
  expect(reply.hasQuotedMsg).toBe(true);
  expect((await reply.getQuotedMessage()).body).toBe('!ping');
});

test('a message that quotes one of the bot brings the quoted one along', async () => {
  const sent = await client.sendMessage(`${ann}@c.us`, 'which day?');
  await phone.waitForSent(({ id }) => id === sent.id._serialized);
  const answer = await receive(() =>
    phone.receiveText({ from: ann, body: 'monday', quoted: sent.id._serialized, pushname: 'Ann' }),
  );
  expect((await answer.getQuotedMessage()).id._serialized).toBe(sent.id._serialized);
  expect((await answer.getContact()).pushname).toBe('Ann');
});

test('acknowledgments arrive: by the server at once, by the other side when it is told to', async () => {
  const sent = await client.sendMessage(`${bob}@c.us`, 'read me');
  const acks = (): unknown[] =>
    library.events
      .filter(({ name, args }) => name === 'message_ack' && (args[0] as Message).id._serialized === sent.id._serialized)
      .map(({ args }) => args[1]);
  await expect.poll(acks).toEqual([1]);
  phone.acknowledge(sent.id._serialized, 2);
  phone.acknowledge(sent.id._serialized, 3);
  await expect.poll(acks).toEqual([1, 2, 3]);
  expect((await sent.getInfo())?.read).toHaveLength(1);
});

test('received media can be downloaded, byte for byte', async () => {
  const message = await receive(() =>
    phone.receiveMedia({ from: ann, mimetype: 'image/png', data: onePixel, filename: 'dot.png', caption: 'a dot' }),
  );
  expect(message).toMatchObject({ hasMedia: true, type: 'image', body: 'a dot' });
  expect(await message.downloadMedia()).toMatchObject({ mimetype: 'image/png', data: onePixel, filename: 'dot.png' });
});

test('media that the bot sends arrive as they are', async () => {
  const media = new whatsapp.MessageMedia('image/png', onePixel, 'dot.png');
  await client.sendMessage(`${ann}@c.us`, media, { caption: 'look' });
  const sent = await phone.waitForSent(({ media: found }) => found !== undefined);
  expect(sent).toMatchObject({ body: 'look', type: 'image', media: { mimetype: 'image/png', data: onePixel } });
  await library.next('media_uploaded');
  await client.sendMessage(`${ann}@c.us`, media, { sendMediaAsDocument: true });
  await phone.waitForSent(({ type, media: found }) => type === 'document' && found?.filename === 'dot.png');
});

test('locations, mentions and contact cards arrive', async () => {
  await client.sendMessage(`${ann}@c.us`, new whatsapp.Location(52.5, 13.4, { name: 'Berlin' }));
  const located = await phone.waitForSent(({ location }) => location !== undefined);
  expect(located.location).toMatchObject({ latitude: 52.5, longitude: 13.4 });
  await client.sendMessage(`${ann}@c.us`, 'hello @bob', { mentions: [`${bob}@c.us`] });
  const mentioning = await phone.waitForSent(({ mentions }) => mentions.length > 0);
  expect(mentioning.mentions).toEqual([`${bob}@c.us`]);
  await client.sendMessage(`${ann}@c.us`, await client.getContactById(`${bob}@c.us`));
  await phone.waitForSent(({ type, body }) => type === 'vcard' && body.includes(bob));
});

test('in a group the author is told from the chat, and the reply goes to the group', async () => {
  const group = phone.groups.create({ subject: 'Team', participants: [ann, bob] });
  await library.next('group_update');
  const message = await receive(() => phone.receiveText({ from: ann, group: group.id, body: '!all' }));
  expect(message).toMatchObject({ from: group.id, author: `${ann}@c.us` });
  await message.reply('here');
  const sent = await phone.waitForSent(({ body }) => body === 'here');
  expect(sent).toMatchObject({ to: group.id, quotedMessageId: message.id._serialized });

  const chat = (await message.getChat()) as GroupChat;
  expect(chat.name).toBe('Team');
  expect(chat.participants.map(({ id }) => id._serialized)).toContain(`${bob}@c.us`);
  phone.groups.changeParticipants({ group: group.id, action: 'remove', participants: [bob] });
  const [left] = (await library.next('group_leave')) as [GroupNotification];
  expect(left.recipientIds).toEqual([`${bob}@c.us`]);
  await chat.setSubject('Crew');
  expect(phone.groups.all[0]?.subject).toBe('Crew');
  await chat.addParticipants([`${bob}@c.us`]);
  expect(phone.groups.all[0]?.participants.map(({ id }) => id)).toContain(`${bob}@c.us`);
});

test('reactions go both ways', async () => {
  const message = await receive(() => phone.receiveText({ from: ann, body: 'react to me' }));
  await message.react('👍');
  await phone.waitForAction(({ name, text }) => name === 'reaction' && text === '👍');
  const [own] = (await library.next('message_reaction')) as [Reaction];
  expect(own.reaction).toBe('👍');
  await phone.receiveReaction({ from: ann, messageId: message.id._serialized, text: '❤️' });
  const [other] = (await library.next('message_reaction')) as [Reaction];
  expect(other).toMatchObject({ reaction: '❤️', senderId: `${ann}@c.us` });
  await message.reload();
  expect(await message.getReactions()).toHaveLength(2);
});

test('polls are sent, voted in and counted', async () => {
  const poll = await client.sendMessage(`${ann}@c.us`, new whatsapp.Poll('When?', ['today', 'tomorrow']));
  await phone.waitForSent(({ type }) => type === 'poll_creation');
  await phone.receiveVote({ from: ann, messageId: poll.id._serialized, options: ['tomorrow'] });
  const [vote] = (await library.next('vote_update')) as [PollVote];
  expect(vote.selectedOptions).toEqual([{ name: 'tomorrow', localId: 1 }]);
  await poll.vote(['today']);
  await phone.waitForAction(({ name }) => name === 'vote');
  expect(await client.getPollVotes(poll.id._serialized)).toHaveLength(2);
});

test('edits and deletions of others are seen, and those of the bot are known to the phone', async () => {
  const { id } = await phone.receiveText({ from: ann, body: 'helo' });
  await library.next('message');
  phone.edit(id, 'hello');
  expect((await library.next('message_edit')).slice(1)).toEqual(['hello', 'helo']);
  phone.revoke(id);
  const [revoked] = (await library.next('message_revoke_everyone')) as [Message];
  expect(revoked.type).toBe('revoked');

  const sent = await client.sendMessage(`${ann}@c.us`, 'tpyo');
  expect((await sent.edit('typo'))?.body).toBe('typo');
  await phone.waitForSent(({ body }) => body === 'typo');
  await sent.delete(true);
  await phone.waitForSent(({ id: sentId, revoked: gone }) => sentId === sent.id._serialized && gone === true);
});

test('a message that can be read only later is announced, and emitted when it can', async () => {
  await phone.receiveText({ from: ann, body: 'at last', decryptedAfterMs: 50 });
  const [unreadable] = (await library.next('message_ciphertext')) as [Message];
  expect(unreadable).toMatchObject({ type: 'ciphertext', body: '' });
  const [message] = (await library.next('message')) as [Message];
  expect(message).toMatchObject({ type: 'chat', body: 'at last' });
});

test('a call rings and can be rejected', async () => {
  const { id } = await phone.receiveCall({ from: bob, isVideo: true });
  const [call] = (await library.next('call')) as [Call];
  expect(call).toMatchObject({ id, isVideo: true });
  // The library passes the caller as it came.
  await client.pupPage?.evaluate(`window.WWebJS.rejectCall('${bob}@c.us', '${id}')`);
  await phone.waitForAction(({ name }) => name === 'stanza');
});

test('chats, contacts, typing, archiving and reading are there', async () => {
  const { id } = await phone.receiveText({ from: ann, body: 'unread' });
  await library.next('message');
  const chat = await client.getChatById(`${ann}@c.us`);
  expect(chat.lastMessage.body).toBe('unread');
  expect((await client.getChats()).map(({ id: chatId }) => chatId._serialized)).toContain(`${bob}@c.us`);
  expect((await client.getContacts()).map(({ number }) => number)).toContain(ann);
  expect(await client.getNumberId(ann)).toMatchObject({ user: ann });
  expect(await client.getNumberId('0005551234')).toBeNull();
  await chat.sendStateTyping();
  await phone.waitForAction(({ name, state }) => name === 'chatState' && state === 'typing');
  await chat.sendSeen();
  await phone.waitForAck(id, 3);
  await chat.archive();
  expect((await client.getChatById(`${ann}@c.us`)).archived).toBe(true);
  expect((await client.searchMessages('unread'))[0]?.id._serialized).toBe(id);
});

test('what the person writes on the phone is a message of the own account', async () => {
  const { id } = await phone.sendFromPhone({ to: ann, body: 'from my pocket' });
  await expect
    .poll(() =>
      library.events.some(({ name, args }) => name === 'message_create' && (args[0] as Message).id._serialized === id),
    )
    .toBe(true);
  expect((await client.getMessageById(id)).fromMe).toBe(true);
});

test('a past of 500 chats and 10,000 messages is carried, and found after a reload', async () => {
  phone.seedHistory({ chats: 500, messages: 10_000 });
  await expect.poll(() => phone.status.undelivered, { timeout: 20_000 }).toBe(0);
  phone.reloadPage();
  await library.next('ready');
  expect((await client.getChats()).length).toBeGreaterThanOrEqual(500);
  const messages = await (await client.getChatById('15550000007@c.us')).fetchMessages({ limit: 15 });
  expect(messages).toHaveLength(15);
  expect(
    messages.every(({ timestamp }, index) => index === 0 || timestamp >= (messages[index - 1]?.timestamp ?? 0)),
  ).toBe(true);
  expect((await client.getMessageById('false_15550000007@c.us_SEED000000009507')).body).toBe('message 493 of 10000');
  expect(library.events.filter(({ name }) => name === 'ready')).toHaveLength(2);
});

test('nothing that this file used is missing or went wrong inside the page', () => {
  expect(sandbox.unknownModules).toEqual([]);
  expect(sandbox.pageErrors).toEqual([]);
});
