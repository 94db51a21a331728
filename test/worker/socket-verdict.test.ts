import { describe, expect, it } from 'vitest';

import { judgeSocket, type SocketMemory } from '../../worker/socket-verdict.js';

const fresh: SocketMemory = { tookOverAt: undefined, reloadedForVersion: false };
const minute = 60_000;

describe('what a state of WhatsApp’s socket asks for', () => {
  it.each([
    ['CONNECTED', 'nothing'],
    ['PAIRING', 'nothing'],
    ['OPENING', 'wait'],
    ['TIMEOUT', 'wait'],
    ['CONFLICT', 'take-over'],
    ['DEPRECATED_VERSION', 'reload'],
  ])('%s: %s', (state, deed) => {
    expect(judgeSocket(state, true, fresh, 0).do).toBe(deed);
  });

  it.each([
    ['LOGOUT', 'AUTH'],
    ['UNPAIRED', 'AUTH'],
    ['UNPAIRED_IDLE', 'AUTH'],
    ['TOS_BLOCK', 'TERMINAL'],
    ['SMB_TOS_BLOCK', 'TERMINAL'],
    ['PROXYBLOCK', 'NETWORK'],
    ['UNLAUNCHED', 'TRANSIENT'],
    ['SOMETHING_NEW', 'TRANSIENT'],
  ])('%s: the end, by a failure of class %s', (state, failureClass) => {
    expect(judgeSocket(state, true, fresh, 0)).toMatchObject({ do: 'end', failure: { class: failureClass } });
  });

  it('tells what a person has to do where nobody else can help', () => {
    expect(judgeSocket('TOS_BLOCK', true, fresh, 0)).toMatchObject({
      failure: { userAction: expect.stringContaining('phone') as string },
    });
    expect(judgeSocket('LOGOUT', true, fresh, 0)).toMatchObject({ failure: { userAction: null } });
  });

  it('names a state that nobody knows', () => {
    expect(judgeSocket('SOMETHING_NEW', true, fresh, 0)).toMatchObject({
      failure: { message: expect.stringContaining('SOMETHING_NEW') as string },
    });
  });
});

describe('a conflict', () => {
  const tookOver: SocketMemory = { ...fresh, tookOverAt: 0 };

  it('that comes again within an hour is the end: nobody fights', () => {
    expect(judgeSocket('CONFLICT', true, tookOver, 59 * minute)).toMatchObject({
      do: 'end',
      failure: { class: 'TERMINAL', userAction: expect.stringContaining('Close') as string },
    });
    expect(judgeSocket('CONFLICT', true, tookOver, 61 * minute).do).toBe('take-over');
  });

  it('that is seen again before the takeover can have worked is the same', () => {
    expect(judgeSocket('CONFLICT', false, tookOver, 10_000).do).toBe('nothing');
    expect(judgeSocket('CONFLICT', false, tookOver, 31_000).do).toBe('end');
  });
});

it('a page that wants a newer version is loaded anew once', () => {
  const reloaded = { ...fresh, reloadedForVersion: true };
  // The library tells of it twice before the page has gone.
  expect(judgeSocket('DEPRECATED_VERSION', false, reloaded, 0).do).toBe('nothing');
  expect(judgeSocket('DEPRECATED_VERSION', true, reloaded, 0)).toMatchObject({
    do: 'end',
    failure: { class: 'TRANSIENT' },
  });
});
