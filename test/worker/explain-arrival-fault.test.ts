import { expect, it } from 'vitest';

import { explainArrivalFault } from '../../worker/explain-arrival-fault.js';

const directory = '/srv/sessions/session-12025550100';

it('says of a disk that takes nothing what to do about it, and where what comes is kept', () => {
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  for (const error of [full, undefined]) {
    const { reason, userAction } = explainArrivalFault({ error, isFull: true }, directory);
    expect(reason).toMatch(/can't be journaled.*others wait in the page$/);
    expect(userAction).toBe(`Free space on the disk of ${directory}, or make it writable; wasup goes on by itself.`);
  }
});

it('says of any other error that it is a fault of wasup, with the words to report', () => {
  const { reason, userAction } = explainArrivalFault(
    { error: new TypeError('no such member'), isFull: false },
    directory,
  );
  expect(reason).toBe("Incoming messages can't be journaled (no such member); they are kept in memory");
  expect(userAction).toMatch(/fault of wasup.*report it/);
});
