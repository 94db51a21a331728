import { describe, expect, it } from 'vitest';

import { supervisorExitCodes, workerExitCodes } from '../../shared/exit-codes.js';

describe('exit codes are a contract with pm2, systemd and scripts', () => {
  it('of the worker', () => {
    expect(workerExitCodes).toEqual({
      stopped: 0,
      network: 69,
      bug: 70,
      transient: 75,
      browserLost: 76,
      loggedOut: 77,
      configuration: 78,
    });
  });

  it('of the supervisor', () => {
    expect(supervisorExitCodes).toEqual({
      stopped: 0,
      usage: 64,
      unavailable: 69,
      bug: 70,
      alreadyRunning: 73,
      configuration: 78,
    });
  });

  it.each([workerExitCodes, supervisorExitCodes])(
    'have one meaning each, and none that Node or a shell uses itself',
    (codes) => {
      const values = Object.values(codes);
      expect(new Set(values).size).toBe(values.length);
      for (const code of values) expect(code === 0 || (code >= 64 && code <= 78)).toBe(true);
    },
  );
});
