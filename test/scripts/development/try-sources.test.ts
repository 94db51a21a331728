import { expect, it } from 'vitest';

import { readableError } from '../../../scripts/development/try-sources.js';

it('an error shows what, in which file and in which line, without the frames of Node', () => {
  const output = `node:internal/modules/run_main:122
    triggerUncaughtException(
    ^
Error: Transform failed with 1 error:
/work/supervisor/machine.ts:12:7: ERROR: Expected ";" but found "nonsense"
    at failureErrorWithLog (/work/node_modules/esbuild/lib/main.js:1748:15)
    at async link (node:internal/modules/esm/module_job:1:1)

Node.js v20.20.2
`;
  expect(readableError(output)).toContain('/work/supervisor/machine.ts:12:7: ERROR: Expected ";" but found "nonsense"');
  expect(readableError(output)).not.toMatch(/failureErrorWithLog|module_job|Node\.js v|node:internal/);
});

it('who says nothing is said to have said nothing', () => {
  expect(readableError('\n')).toBe('It ended without saying why.');
});
