import { expect, it } from 'vitest';

import type { HangReport, StackFrame } from '../../shared/protocol/hang-report.js';
import { describeSilence, judgeSilence } from '../../supervisor/describe-silence.js';

const handle = at('handle', 'file:///bots/my%20bot/bot.js', 12, 5);
const onMessage = at('onMessage', 'file:///bots/my%20bot/bot.js?version=2', 30, 3);
const helper = at('helper', '/bots/my bot/lib/helper.cjs', 7, 1);
const library = at('parse', 'file:///bots/my%20bot/node_modules/parser/index.js', 1, 100);
const whatsApp = at('emit', '/opt/wasup/node_modules/whatsapp-web.js/src/Client.js', 8, 9);
const intake = at('deliver', 'file:///opt/wasup/worker/message-intake.js', 40, 7);
const timers = at('listOnTimeout', 'node:internal/timers', 581, 17);
const evaluated = at('', '', 1, 1);

it.each<[string, StackFrame[], string]>([
  [
    'the bot’s own calls, without wasup’s and Node’s',
    [timers, handle, onMessage, intake, timers],
    'its event loop hangs in handle (/bots/my bot/bot.js:12:5), called from onMessage (/bots/my bot/bot.js:30:3)',
  ],
  [
    'the bot’s call before the library that it had called',
    [library, handle, onMessage, whatsApp],
    'its event loop hangs in handle (/bots/my bot/bot.js:12:5), which had called parse ' +
      '(/bots/my bot/node_modules/parser/index.js:1:100), called from onMessage (/bots/my bot/bot.js:30:3), ' +
      'from emit (/opt/wasup/node_modules/whatsapp-web.js/src/Client.js:8:9)',
  ],
  [
    'a recursion once',
    [handle, handle, handle, onMessage],
    'its event loop hangs in handle (/bots/my bot/bot.js:12:5), called from onMessage (/bots/my bot/bot.js:30:3)',
  ],
  [
    'two callers at most',
    [helper, handle, onMessage, whatsApp],
    'its event loop hangs in helper (/bots/my bot/lib/helper.cjs:7:1), called from handle (/bots/my bot/bot.js:12:5), ' +
      'from onMessage (/bots/my bot/bot.js:30:3)',
  ],
  [
    'a library that nobody of the bot has called',
    [whatsApp, intake, timers],
    'its event loop hangs in emit (/opt/wasup/node_modules/whatsapp-web.js/src/Client.js:8:9)',
  ],
  [
    'wasup’s own calls where there are no others',
    [intake, timers],
    'its event loop hangs in deliver (/opt/wasup/worker/message-intake.js:40:7), ' +
      'called from listOnTimeout (node:internal/timers:581:17)',
  ],
  ['code without a file or a name', [evaluated], 'its event loop hangs in an anonymous function (eval:1:1)'],
  [
    'nothing where there was no stack',
    [],
    "its event loop had stood still for 5.2 s, in one long call of Node.js or V8 that can't be looked into",
  ],
])('names %s', (_, frames, sentence) => {
  expect(silenceOf('R', { stalledMs: 5_204, frames })).toBe(sentence);
});

it.each<[string | undefined, string | undefined]>([
  ['T', 'the process is stopped (SIGSTOP)'],
  ['t', 'the process is held by a debugger'],
  ['D', 'the process waits for a disk or a device'],
  ['Z', 'the process has ended'],
  ['S', undefined],
  ['R', undefined],
  [undefined, undefined],
])('of a process in state %s says: %s', (state, sentence) => {
  expect(silenceOf(state, undefined)).toBe(sentence);
});

it.each<[string, StackFrame[], RegExp]>([
  ['the bot’s line', [library, handle, onMessage], /^Mend handle \(\/bots\/my bot\/bot\.js:12:5\): .* 5\.2 s/],
  ['a fault of wasup’s own', [intake, timers], /^Report this, it is a fault of wasup: deliver/],
  ['what to look for where there is no stack', [], /^Look in the bot for a call that keeps its thread/],
])('names to a person %s', (_, frames, action) => {
  const silent = { hang: { stalledMs: 5_204, frames }, botModule: '/bots/my bot/bot.js', ownFolder: '/opt/wasup/' };
  expect(judgeSilence({ ...silent, processState: 'R' }).userAction).toMatch(action);
  expect(judgeSilence({ ...silent, processState: 'T' }).userAction).toBeUndefined();
});

function silenceOf(processState: string | undefined, hang: HangReport | undefined): string | undefined {
  return describeSilence({ processState, hang, botModule: '/bots/my bot/bot.js', ownFolder: '/opt/wasup/' });
}

function at(functionName: string, url: string, line: number, column: number): StackFrame {
  return { functionName, url, line, column };
}
