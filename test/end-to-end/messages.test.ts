import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, contactNumber, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';

describe('the bundled bot', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked());
  });
  afterAll(() => stage.close());

  it('answers !ping with pong as a quoted reply, once, and shows type and sender', async () => {
    const from = supervisor.mark;
    const answer = await stage.ask('!ping');
    expect(answer).toMatchObject({ body: 'pong', to: `${contactNumber}@c.us` });
    await supervisor.waitForLine(new RegExp(`\\[MESSAGE\\] MESSAGE_TYPE: text - From: \\+${contactNumber}$`), { from });

    // A second delivery of the first message would have been handled before the next question.
    await stage.ask('!ping');
    expect(stage.answersTo(answer.quotedMessageId ?? '')).toBe(1);
  });

  it('answers !status with the account and its worker', async () => {
    const { workerPid } = await stage.waitUntilListening();
    const { body } = await stage.ask('!status');
    expect(body).toContain(`+${accountNumber}: listening`);
    expect(body).toContain(`Worker ${workerPid}`);
  });

  it('answers in the group where it was asked, and shows who asked', async () => {
    const from = supervisor.mark;
    const group = stage.phone.groups.create({ subject: 'Neighbours', participants: [contactNumber] });
    const answer = await stage.ask('!ping', { group: group.id });
    expect(answer).toMatchObject({ body: 'pong', to: group.id });
    await supervisor.waitForLine(new RegExp(`MESSAGE_TYPE: text - From: \\+${contactNumber}$`), { from });
  });

  it('stays silent when nobody asks it', async () => {
    const { id } = await stage.phone.receiveText({ from: contactNumber, body: 'Good morning' });
    // Handled in order: once the next question is answered, the greeting has been through.
    await stage.ask('!ping');
    expect(stage.answersTo(id)).toBe(0);
  });

  it.each([
    { kind: 'image', mimetype: 'image/png' },
    { kind: 'document', mimetype: 'application/pdf' },
  ])('shows the type of a message with media: $kind', async ({ kind, mimetype }) => {
    const from = supervisor.mark;
    const data = Buffer.from('not looked at here').toString('base64');
    await stage.phone.receiveMedia({ from: contactNumber, mimetype, data });
    await supervisor.waitForLine(new RegExp(`MESSAGE_TYPE: ${kind} - From: \\+${contactNumber}$`), { from });
  });

  it('shows no text of a message in its log', async () => {
    const secret = 'the key is under the mat';
    await stage.phone.receiveText({ from: contactNumber, body: secret });
    await stage.ask('!ping');
    expect(supervisor.lines.join('\n')).not.toContain(secret);
  });
});
