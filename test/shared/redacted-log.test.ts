import { expect, it } from 'vitest';

import { createOutput } from '../../shared/logger.js';
import { BoundedWriter } from '../../shared/output/bounded-writer.js';
import { keepSecret } from '../../shared/secrets.js';

it.each(['pretty', 'json'] as const)('a secret of the operator is in no line of the log (%s)', (format) => {
  const secret = `secret-of-the-log-${format}`;
  keepSecret(secret);
  let text = '';
  const writer = { write: (line: string) => void (text += line) } as unknown as BoundedWriter;
  const output = createOutput({ level: 'debug', format }, {}, writer);
  output.log.info(`told ${secret}`);
  output.log.error(new Error(`thrown ${secret}`), 'It failed');
  output.log.warn({ details: secret }, 'http://me:password@proxy');
  output.banner(`Title ${secret}`, [`Line ${secret}`]);
  expect(text).toContain('told ***');
  expect(text).toContain('http://***@proxy');
  expect(text).not.toContain(secret);
});
