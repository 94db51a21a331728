import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { contactNumber, fixture, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const environment = { WASUP_BOT: fixture('telling-bot.js') };
const hours = 3_600_000;

/** A machine whose clock is wrong: without a battery, say, before it has reached the network. */
function clockOffBy(milliseconds: number): Record<string, string> {
  const module = fileURLToPath(new URL('fixtures/wrong-clock.mjs', import.meta.url));
  return { ...environment, NODE_OPTIONS: `--import ${module}`, CLOCK_IS_OFF_MS: String(milliseconds) };
}

describe('what was there before the device was linked', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: '12025550100' } });
    stage.phone.seedHistory({ chats: 20, messages: 200, spacing: 600 });
  });
  afterAll(() => stage.close());

  const fromBefore = (lines: readonly string[]): string[] =>
    lines.filter((line) => /HANDLES message \d+ of 200/.test(line));

  it.each([
    ['at the link, by two days', -48 * hours],
    ['at a start, by two days', -48 * hours],
  ])('is not handed over when the clock is wrong %s; what came meanwhile is', async (when, offMs) => {
    const { id } = await stage.phone.receiveText({ from: '12025550123', body: `missed with ${offMs}` });
    const supervisor = stage.start({ environment: clockOffBy(offMs) });
    await stage.waitUntilListening();
    await stage.ask('after the start');
    if (when.startsWith('at a start')) await stage.answerTo(id);
    await supervisor.stop();
    expect(fromBefore(supervisor.lines)).toEqual([]);
  });
});

describe('what isn’t addressed to the account, and what it has sent itself', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
  });
  afterAll(() => stage.close());

  const said = (pattern: RegExp): string[] =>
    supervisor.lines.map((line) => /(HEARS|HANDLES) .*/.exec(line)?.[0] ?? '').filter((line) => pattern.test(line));
  const posts = ['status@broadcast', '1456789012@broadcast', '120363041234567890@newsletter'];
  const sendPosts = async (when: string): Promise<void> => {
    for (const post of posts)
      await stage.phone.receiveText({ from: contactNumber, body: `post ${when} to ${post}`, post });
  };

  it('posts go to listeners as in plain whatsapp-web.js, not to onMessage, and are not answered', async () => {
    await sendPosts('seen');
    await stage.ask('after the posts');
    expect(said(/HEARS message post/)).toEqual(posts.map((post) => `HEARS message post seen to ${post}`));
    expect(said(/HANDLES post/)).toEqual([]);
    expect(stage.phone.sent.map(({ to }) => to)).toEqual([`${contactNumber}@c.us`]);
  });

  it('messages that the person has sent from the phone while nothing ran come once, in their order, to message_create alone', async () => {
    const handled = await stage.ask('before the stop');
    await supervisor.waitForLine(/HEARS own answer to before the stop/);
    await supervisor.stop();
    await stage.phone.receiveText({ from: contactNumber, body: 'question' });
    await stage.phone.sendFromPhone({ to: contactNumber, body: 'sent on the phone' });
    const edited = await stage.phone.receiveText({ from: contactNumber, body: 'thank' });
    stage.phone.edit(edited.id, 'thanks');
    const revoked = await stage.phone.receiveText({ from: contactNumber, body: 'deleted' });
    stage.phone.revoke(revoked.id);
    await sendPosts('missed');
    supervisor = stage.start({ environment: { ...environment, BOT_HANDLES: JSON.stringify({ status: true }) } });
    await stage.answerTo(edited.id);
    await stage.ask('after the start');
    expect(said(/^HEARS (own|create) (?!answer)/)).toEqual([
      'HEARS create question',
      'HEARS own sent on the phone',
      'HEARS create thanks',
      'HEARS create after the start',
    ]);
    expect(said(/HEARS message sent on the phone|HANDLES sent on the phone|post missed|deleted/)).toEqual([]);
    expect(said(/HEARS own answer to before/)).toEqual([]);
    expect(stage.answersTo(handled.quotedMessageId ?? '')).toBe(1);
  });

  it('status updates are handled when the bot asks for them, and answered to their author in private', async () => {
    const from = '12025550199';
    const { id } = await stage.phone.receiveText({ from, body: 'on holiday', post: 'status@broadcast' });
    expect(await stage.answerTo(id)).toMatchObject({ to: `${from}@c.us`, body: 'answer to on holiday' });
    expect(said(/HANDLES on holiday/)).toEqual(['HANDLES on holiday from status@broadcast']);
  });
});

describe('a person who has a number and a lid', () => {
  const lid = '123456789012345';
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    stage.phone.assignLid({ number: contactNumber, lid });
  });
  afterAll(() => stage.close());

  const handled = (): string[] =>
    supervisor.lines.map((line) => /HANDLES .*/.exec(line)?.[0] ?? '').filter((line) => line !== '');
  const answersOf = (body: string): string[] =>
    stage.phone.sent.filter((sent) => sent.body === `answer to ${body}`).map(({ to }) => to);

  it('is one: a message that is told of under both is handled once; another’s of the same id is its own', async () => {
    const stanzaId = '3EB0C767D26A';
    await stage.phone.receiveText({ from: contactNumber, body: 'told twice', stanzaId });
    await stage.phone.receiveText({ from: `${lid}@lid`, body: 'told twice', stanzaId });
    await stage.phone.receiveText({ from: '12025550199', body: 'the same id', stanzaId });
    await until(() => answersOf('the same id')[0], { expectation: () => 'the answer to the other person' });
    await stage.ask('after them');
    expect(handled().filter((line) => /told twice|the same id/.test(line))).toEqual([
      `HANDLES told twice from ${contactNumber}@c.us`,
      'HANDLES the same id from 12025550199@c.us',
    ]);
    expect(answersOf('told twice')).toHaveLength(1);
  });

  it('goes on as one chat when it goes over to the lid while nothing runs: in order, each once', async () => {
    const before = handled().length;
    await supervisor.stop();
    await stage.phone.receiveText({ from: contactNumber, body: 'under the number' });
    stage.phone.migrateChat(contactNumber);
    await stage.phone.receiveText({ from: `${lid}@lid`, body: 'under the lid' });
    supervisor = stage.start({ environment });
    await until(() => answersOf('under the lid')[0], { expectation: () => 'the answer under the lid' });
    await stage.phone.receiveText({ from: `${lid}@lid`, body: 'later' });
    await until(() => answersOf('later')[0], { expectation: () => 'the later answer' });
    expect(before).toBeGreaterThan(0);
    expect(handled()).toEqual([
      `HANDLES under the number from ${contactNumber}@c.us`,
      `HANDLES under the lid from ${lid}@lid`,
      `HANDLES later from ${lid}@lid`,
    ]);
    expect(answersOf('under the number')).toHaveLength(1);
  });
});
