import { afterAll, beforeAll, describe } from 'vitest';

import { type AttachedPage, openAttachedPage } from './attached-page.js';
import { specifyMissedMessages } from './missed.js';
import { specifyMedia, specifyReadModels, specifySentMedia } from './models.js';
import { watchSends } from './question.js';
import { specifySendOnce } from './sent-once.js';

/** Message keys have kept their text elsewhere since July 2026 (`current`). */
describe.each(['current', 'legacy'] as const)('messages in the page, on the %s build of WhatsApp Web', (build) => {
  let attached: AttachedPage;

  beforeAll(async () => {
    const history = { chats: 500, messages: 10_000, spacing: 1 };
    attached = await openAttachedPage({ build }, { history, prepare: watchSends });
  });
  afterAll(() => attached.close());

  specifyMissedMessages(() => attached);
  specifyReadModels(() => attached);
  specifySendOnce(() => attached);
  specifyMedia(() => attached);
  specifySentMedia(() => attached);
});
