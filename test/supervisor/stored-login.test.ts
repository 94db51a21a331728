import { describe, expect, it } from 'vitest';

import { WasupError } from '../../shared/errors.js';
import { decideMode } from '../../supervisor/stored-login.js';
import { browserFailure, failureLine } from '../../supervisor/tell-failure.js';

describe('restore or link, from what is stored', () => {
  it.each([
    { hasProfile: true, deviceLinked: true, mode: 'restore' },
    { hasProfile: true, deviceLinked: undefined, mode: 'restore' },
    { hasProfile: true, deviceLinked: false, mode: 'link' },
    { hasProfile: false, deviceLinked: true, mode: 'link' },
    { hasProfile: false, deviceLinked: undefined, mode: 'link' },
    { hasProfile: false, deviceLinked: false, mode: 'link' },
  ] as const)('profile $hasProfile, linked $deviceLinked: $mode', ({ hasProfile, deviceLinked, mode }) => {
    expect(decideMode(hasProfile, deviceLinked)).toBe(mode);
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
