import { expect, it, vi } from 'vitest';

import { createOutput } from '../../shared/logger.js';
import { LibraryClient } from '../../worker/whatsapp/library.js';
import { rehearse } from '../../worker/whatsapp/rehearse.js';

const { log } = createOutput({ level: 'silent', format: 'json' });

it('goes through all that a worker does when it takes a page over, up to the answer to a message', async () => {
  const reply = vi.spyOn(LibraryClient.prototype, 'sendMessage');
  await rehearse(log);
  expect(reply).toHaveBeenCalledExactlyOnceWith('0@c.us', '', { quotedMessageId: 'false_0@c.us_0' });
});

it('leaves nothing behind that keeps the process', async () => {
  const before = process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate')
    .sort();
  await rehearse(log);
  const after = process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate')
    .sort();
  expect(after.filter((name) => name !== 'Timeout')).toEqual(before.filter((name) => name !== 'Timeout'));
});
