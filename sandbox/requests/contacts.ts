import { z } from 'zod';
import type { RequestHandler } from './index.js';
import { linkedAccount } from './linked-account.js';

const query = z.object({ id: z.string() });

export const contactRequests: Record<string, RequestHandler> = {
  queryContact(body, context) {
    const { account } = linkedAccount(context);
    const { id } = query.parse(body);
    const user = id.split('@')[0] ?? '';
    // Numbers that begin with 000 are nobody's, so that "not on WhatsApp" can be tried.
    const exists = !user.startsWith('000');
    return { exists, contact: account.contacts.get(id) ?? null };
  },

  setPushname(body, context) {
    const { account } = linkedAccount(context);
    account.pushname = z.object({ pushname: z.string() }).parse(body).pushname;
    context.world.changed();
  },
};
