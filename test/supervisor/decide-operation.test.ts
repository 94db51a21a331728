import { describe, expect, it } from 'vitest';

import { WasupError } from '../../shared/errors.js';
import { decideOperation } from '../../supervisor/decide-operation.js';
import { browserFailure, failureLine } from '../../supervisor/tell-failure.js';

describe('restore or link, from what is stored', () => {
  const restore = { mode: 'restore', quarantine: false };
  const link = { mode: 'link', quarantine: false };
  const linkElsewhere = { mode: 'link', quarantine: true };

  it.each([
    [{ hasProfile: true, deviceLinked: true, unpaired: false }, restore],
    [{ hasProfile: true, deviceLinked: undefined, unpaired: false }, restore],
    [{ hasProfile: true, deviceLinked: false, unpaired: false }, link],
    [{ hasProfile: true, deviceLinked: true, unpaired: true }, linkElsewhere],
    [{ hasProfile: true, deviceLinked: undefined, unpaired: true }, linkElsewhere],
    [{ hasProfile: true, deviceLinked: false, unpaired: true }, linkElsewhere],
    [{ hasProfile: false, deviceLinked: true, unpaired: false }, link],
    [{ hasProfile: false, deviceLinked: undefined, unpaired: false }, link],
    [{ hasProfile: false, deviceLinked: false, unpaired: false }, link],
    [{ hasProfile: false, deviceLinked: true, unpaired: true }, link],
    [{ hasProfile: false, deviceLinked: undefined, unpaired: true }, link],
    [{ hasProfile: false, deviceLinked: false, unpaired: true }, link],
  ] as const)('%j: %j', (stored, operation) => {
    expect(decideOperation(stored)).toEqual(operation);
  });
});

describe('the line for the operator', () => {
  it('says what happened, what follows, and that nothing is to do', () => {
    const failure = { class: 'LOCAL', reason: 'The browser is gone', userAction: null } as const;
    expect(failureLine(failure, 'Restarting now.')).toBe('The browser is gone. Restarting now. Nothing to do for you.');
  });

  it('does not call a bug nobody’s business', () => {
    const failure = { class: 'BUG', reason: 'no database', userAction: null } as const;
    expect(failureLine(failure, 'Restarting now.')).toMatch(/^no database\. Restarting now\. .*a bug to mend/);
  });

  it('says what a person has to do where there is something', () => {
    const error = new WasupError('No browser.', { remedy: 'Install one', exitCode: 78 });
    const failure = browserFailure(error);
    expect(failure.class).toBe('CONFIGURATION');
    expect(failureLine(failure, 'Stopped here.')).toBe('No browser. Stopped here. Install one.');
  });
});
