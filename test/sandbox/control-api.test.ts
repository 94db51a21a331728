import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.js';
import { startSandbox } from '../../sandbox/index.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

async function post(path: string, body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(new URL(path, sandbox.controlUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

test('it tells what the sandbox is and what it has seen', async () => {
  await post('/phones/15550001000/receive-text', { from: '15551234567', body: 'hi' });
  const status = (await (await fetch(new URL('/status', sandbox.controlUrl))).json()) as Record<string, unknown>;
  expect(status).toMatchObject({
    version: '2.3000.1042401057',
    port: sandbox.port,
    browserArguments: sandbox.browserArguments,
    phones: [{ number: '15550001000', linked: false }],
    unknownModules: [],
  });
  const received = await fetch(new URL('/phones/15550001000/received', sandbox.controlUrl));
  expect(await received.json()).toMatchObject([{ body: 'hi', from: '15551234567@c.us', ack: 1 }]);
});

test.each([
  ['/phones/15550001000/receive-text', { from: '+1 555', body: 'x' }, 'a person is a phone number in digits'],
  ['/phones/15550001000/receive-text', { from: '15551234567' }, 'body'],
  ['/phones/15550001000/receive-text', { from: '15551234567', body: 'x', colour: 'red' }, 'colour'],
  ['/phones/15550001000/receive-media', { from: '15551234567', mimetype: 'png', data: '' }, 'mimetype'],
  ['/phones/15550001000/sync', { delayMs: -1 }, 'delayMs'],
  ['/phones/15550001000/sync', { steps: 3 }, 'steps need progressEveryMs'],
  ['/phones/15550001000/sync', { progressEveryMs: 100, steps: 101 }, 'steps'],
  ['/phones/15550001000/state', { state: 'HAPPY' }, 'TOS_BLOCK'],
  ['/phones/15550001000/acknowledge', { messageId: 'x', ack: 9 }, 'ack'],
  ['/phones/12/receive-text', { from: '15551234567', body: 'x' }, 'a phone number is 5 to 15 digits'],
  ['/network', { cut: 'yes' }, 'cut'],
  ['/page-loads', { refuse: -1 }, 'refuse'],
  ['/modules', { missing: ['WAWebNobodyHasThis'] }, 'the sandbox has no WAWebNobodyHasThis to take away'],
  ['/modules', { missing: ['WAWebCmd'], times: 0 }, 'times'],
])('POST %s with %j is a 400 that says what is wrong', async (path, body, complaint) => {
  const { status, answer } = await post(path, body);
  expect(status).toBe(400);
  expect(answer['error']).toContain(complaint);
});

test.each([
  ['/phones/15550001000/receive-text', { from: '15551234567', body: 'x', group: '123456@g.us' }, 'Create it first'],
  ['/phones/15550001000/receive-text', { from: '15551234567', body: 'x', quoted: 'nothing' }, 'neither sent nor'],
  ['/phones/15550001000/reload-page', {}, 'Start its browser first'],
  ['/phones/15550001000/deafen', {}, 'Start its browser first'],
  ['/phones/15550001000/forget-utilities', {}, 'Start its browser first'],
  ['/phones/15550001000/open-elsewhere', {}, 'No device is linked'],
  ['/phones/15550001000/acknowledge', { messageId: 'x', ack: 2 }, 'has sent no message'],
])(
  'POST %s with %j is a 409: the request is fine but the sandbox is not in a state for it',
  async (path, body, words) => {
    const { status, answer } = await post(path, body);
    expect(status).toBe(409);
    expect(answer['error']).toContain(words);
  },
);

test('a wait that ends in vain is a 504 that says what was waited for', async () => {
  const scan = await post('/phones/15550001000/scan', { timeoutMs: 20 });
  expect(scan.status).toBe(504);
  expect(scan.answer['error']).toContain('no unlinked page shows one');
  const sent = await post('/phones/15550001000/wait-for-sent', { body: 'x', timeoutMs: 20 });
  expect(sent.status).toBe(504);
});

test('an unknown path is a 404 that lists the known ones', async () => {
  const { status, answer } = await post('/phones/15550001000/dance', {});
  expect(status).toBe(404);
  expect(answer['error']).toContain('POST /phones/:number/receive-text');
});

test('a body that is no JSON is a 400', async () => {
  const response = await fetch(new URL('/network', sandbox.controlUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"cut":',
  });
  expect(response.status).toBe(400);
});

test.each([
  ['under another name', { host: 'evil.example' }],
  ['of another origin, which may send without reading the answer', { origin: 'https://evil.example' }],
  ['of an origin that is hidden', { origin: 'null' }],
])('a page %s is refused', async (_which, headers) => {
  const { hostname, port } = new URL(sandbox.controlUrl);
  const { request } = await import('node:http');
  const status = await new Promise((resolve, reject) => {
    const query = request({ hostname, port, path: '/status', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    query.on('error', reject);
    query.end();
  });
  expect(status).toBe(403);
});

test('groups are renamed, and their past is told', async () => {
  const { answer } = await post('/phones/15550003000/create-group', { subject: 'Team', participants: ['15551234567'] });
  const change = { group: answer['id'], subject: 'Crew', by: '15551234567' };
  expect(await post('/phones/15550003000/change-subject', change)).toMatchObject({ answer: { subject: 'Crew' } });
  expect((await post('/phones/15550003000/change-subject', { ...change, subject: '' })).status).toBe(400);
  expect((await post('/phones/15550003000/change-subject', { ...change, group: '123456@g.us' })).status).toBe(409);
});

test('what a method waits for can be waited for', async () => {
  const { answer } = await post('/phones/15550003000/receive-text', { from: '15551234567', body: 'hi' });
  const ack = await post('/phones/15550003000/wait-for-ack', { messageId: answer['id'], ack: 2, timeoutMs: 20 });
  expect(ack.status).toBe(504);
  expect(ack.answer['error']).toContain('acknowledgment 2');
  const action = await post('/phones/15550003000/wait-for-action', { name: 'reaction', timeoutMs: 20 });
  expect(action.status).toBe(504);
  expect(action.answer['error']).toContain('an action of 15550003000');
});
