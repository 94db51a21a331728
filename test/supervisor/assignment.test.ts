import { expect, it } from 'vitest';

import type { Configuration } from '../../shared/configuration/compile-configuration.js';
import { optionValue } from '../../shared/configuration/option-value.js';
import { optionKeys, options } from '../../shared/configuration/options.js';
import { type AssignmentCircumstances, createAssignment } from '../../supervisor/assignment.js';
import { compile, sampled } from '../support/configuration.js';

const circumstances: AssignmentCircumstances = {
  number: '14155550100',
  incarnation: 1,
  sessionDirectory: '/srv/bot/sessions/session-14155550100',
  browser: { pid: 10, idBase: 0 },
  authMethod: 'qr',
};

it('what a worker is told at its start is an option whose change restarts the account', async () => {
  const before = await compile({});
  const after = await sampled();
  const assign = (configuration: Configuration): unknown =>
    createAssignment({ type: 'assign', mode: 'restore', rung: 'cold', attempt: 1 }, circumstances, configuration);
  const told = optionKeys.filter((key) => {
    if (key.includes('.')) return false;
    return JSON.stringify(assign({ ...before, [key]: optionValue(after, key) })) !== JSON.stringify(assign(before));
  });
  expect(told.length).toBeGreaterThan(5);
  for (const key of told) expect(options[key].appliesAt, key).toBe('restart-of-account');
});
