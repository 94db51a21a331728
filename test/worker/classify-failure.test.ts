import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { FailureClass } from '../../shared/protocol/messages.js';
import { DeadlineError } from '../../shared/with-deadline.js';
import { classifyFailure } from '../../worker/classify-failure.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

/** Texts as they stand in whatsapp-web.js 1.34.7, puppeteer 24.38.0, Chromium, Node and WhatsApp Web. */
const texts: readonly (readonly [FailureClass, string])[] = [
  ['INCOMPATIBLE', 'Requiring unknown module "WAWebSocketModel"'],
  ['INCOMPATIBLE', 'Error: Requiring unknown module "WAWebMsgKey"\n    at https://web.whatsapp.com/'],

  ['NETWORK', 'auth timeout'],
  ['NETWORK', 'net::ERR_INTERNET_DISCONNECTED at https://web.whatsapp.com/'],
  ['NETWORK', 'net::ERR_NAME_NOT_RESOLVED at https://web.whatsapp.com/'],
  ['NETWORK', 'net::ERR_CONNECTION_CLOSED at https://web.whatsapp.com/'],
  ['NETWORK', 'net::ERR_CERT_AUTHORITY_INVALID at https://web.whatsapp.com/'],

  ['NETWORK', 'Navigation timeout of 60000 ms exceeded'],
  ['NETWORK', 'rate-overlimit'],
  ['NETWORK', 'ServerStatusCodeError: rate-overlimit'],

  ['TRANSIENT', 'ready timeout'],
  ['TRANSIENT', 'Waiting failed: 30000ms exceeded'],
  ['TRANSIENT', 'Waiting failed'],
  ['TRANSIENT', 'Protocol error (Page.navigate): Not attached to an active page'],
  ['TRANSIENT', 'LifecycleWatcher terminated'],
  [
    'TRANSIENT',
    'Protocol error (Runtime.callFunctionOn): Argument should belong to the same JavaScript world as target object',
  ],
  [
    'TRANSIENT',
    "Failed to add page binding with name onAppStateHasSyncedEvent: window['onAppStateHasSyncedEvent'] already exists!",
  ],
  ['TRANSIENT', 'Execution context was destroyed'],
  ['TRANSIENT', 'Execution context was destroyed, most likely because of a navigation.'],
  ['TRANSIENT', 'Protocol error (Runtime.callFunctionOn): Execution context was destroyed.'],
  ['TRANSIENT', 'Protocol error (Runtime.callFunctionOn): Cannot find context with specified id'],
  ['TRANSIENT', 'Protocol error (Runtime.addBinding): Inspected target navigated or closed'],
  ['TRANSIENT', 'Protocol error (Runtime.callFunctionOn): Promise was collected'],
  ['TRANSIENT', "Attempted to use detached Frame '0A1B'."],
  ['TRANSIENT', 'Execution context is not available in detached frame or worker "https://web.whatsapp.com/"'],
  ['TRANSIENT', 'Execution context is not available in detached frame'],
  ['TRANSIENT', 'Navigating frame was detached'],
  ['TRANSIENT', 'waitForFunction failed: frame got detached.'],
  ['TRANSIENT', 'Waiting failed: Frame detached'],
  ['TRANSIENT', 'JSHandle is disposed!'],
  ['TRANSIENT', 'JSHandles can be evaluated only in the context they were created!'],

  ['LOCAL', 'Target closed'],
  ['LOCAL', 'Protocol error (Runtime.callFunctionOn): Target closed'],
  ['LOCAL', 'Protocol error (Page.navigate): Session closed. Most likely the page has been closed.'],
  ['LOCAL', 'Session already detached. Most likely the page has been closed.'],
  ['LOCAL', 'Protocol error (Runtime.evaluate): Session with given id not found.'],
  ['LOCAL', 'Page crashed!'],
  ['LOCAL', 'Protocol error (Runtime.callFunctionOn): Target crashed'],
  ['LOCAL', 'Navigation failed because browser has disconnected!'],
  ['LOCAL', 'CDPSession creation failed.'],
  ['LOCAL', 'Page closed!'],
  ['LOCAL', 'Connection closed.'],
  ['LOCAL', 'Protocol error: Connection closed. Most likely the page has been closed.'],
  ['LOCAL', "Runtime.callFunctionOn timed out. Increase the 'protocolTimeout' setting in launch/connect calls"],

  ['BUG', "Cannot read properties of undefined (reading '_serialized')"],
  ['BUG', 'Invalid usage! Can only be used with a pollCreation message'],
  ['BUG', 'Could not get the quoted message.'],
  ['BUG', "[LT01] Whatsapp business can't send this yet"],
  ['BUG', 'an auth timeout of the bot’s own'],
  // A bot's database, its cache, and its own web requests.
  ['BUG', 'connect ECONNREFUSED 127.0.0.1:5432'],
  ['BUG', 'Protocol error, got "H" as reply type byte. Please report this.'],
  ['BUG', 'getaddrinfo ERR_NAME_NOT_RESOLVED example.org'],
];

describe('a failure’s class', () => {
  it.each(texts)('is %s for "%s", thrown as an error or as a string', (failureClass, text) => {
    expect(classifyFailure(new Error(text)).class).toBe(failureClass);
    expect(classifyFailure(text).class).toBe(failureClass);
  });

  it('is TRANSIENT for a step that took too long', () => {
    const failure = classifyFailure(new DeadlineError('Connecting to the browser', 10_000));
    expect(failure).toMatchObject({
      class: 'TRANSIENT',
      message: 'Connecting to the browser took longer than 10000 ms',
    });
  });

  it('is the one that it was given, if it was given one', () => {
    const failure = new WorkerFailure('TERMINAL', 'Target closed', { userAction: 'Look at the phone.' });
    expect(classifyFailure(failure)).toBe(failure);
  });

  it.each([undefined, null, 0, '', {}, [], new Error(), Symbol('nothing'), () => undefined, 10n])(
    'is BUG for what makes no sense (%s), and nothing makes it throw',
    (thrown) => {
      expect(classifyFailure(thrown).class).toBe('BUG');
    },
  );
});

describe('what the libraries throw, by their sources,', () => {
  const require = createRequire(import.meta.url);

  it('is a bug of whoever asked for it in whatsapp-web.js, but for what ends its own setting up', () => {
    const folder = dirname(require.resolve('whatsapp-web.js/src/Client.js'));
    const texts = textsThrownIn(folder);
    expect(texts.length).toBeGreaterThan(25);
    expect(othersThanBugs(texts)).toEqual([
      ['auth timeout', 'NETWORK'],
      ['ready timeout', 'TRANSIENT'],
    ]);
  });

  it('has a class in puppeteer where it tells of page, browser or connection', () => {
    const folder = join(dirname(createRequire(require.resolve('puppeteer')).resolve('puppeteer-core')), 'cdp');
    const texts = [...textsThrownIn(folder), ...textsThrownIn(join(folder, '../common'))];
    expect(texts.length).toBeGreaterThan(40);
    const telling = texts.filter((text) =>
      /closed|crash|detach|destroy|of a navigat|terminated|disposed!|already exists|waiting|creation failed/i.test(
        text,
      ),
    );
    const bugs = telling.filter((text) => classifyFailure(text).class === 'BUG');
    expect(bugs).toEqual([]);
    expect(telling.length).toBeGreaterThan(10);
  });
});

describe('a failure', () => {
  it('says in words what it means, and keeps the original text and error', () => {
    const thrown = new Error('net::ERR_INTERNET_DISCONNECTED at https://web.whatsapp.com/');
    const failure = classifyFailure(thrown);
    expect(failure.message).toBe(`WhatsApp could not be reached (${thrown.message})`);
    expect(failure.cause).toBe(thrown);
    expect(failure.userAction).toBeNull();
  });

  it.each([
    ['LOCAL', 76],
    ['NETWORK', 69],
    ['TRANSIENT', 75],
    ['AUTH', 77],
    ['TERMINAL', 77],
    ['INCOMPATIBLE', 70],
    ['CONFIGURATION', 78],
    ['BUG', 70],
  ] as const)('of class %s ends the worker with exit code %i', (failureClass, exitCode) => {
    expect(new WorkerFailure(failureClass, 'a reason').exitCode).toBe(exitCode);
  });
});

/** What stands behind `throw`, or as the text of an error, in the JavaScript of a folder. Placeholders read as `1`. */
function textsThrownIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  const pattern = /(?:throw |new [\w.]*Error\()\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  return files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(pattern)].map(([, , text = '']) =>
      text.replaceAll(/\$\{[^}]*\}/g, '1').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}

function othersThanBugs(texts: readonly string[]): [string, FailureClass][] {
  const classified = texts.map((text): [string, FailureClass] => [text, classifyFailure(text).class]);
  return classified.filter(([, failureClass]) => failureClass !== 'BUG');
}
