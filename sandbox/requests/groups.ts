import { z } from 'zod';
import type { RequestHandler } from './index.js';
import { linkedAccount } from './linked-account.js';
import { RefusedRequest } from './refused-request.js';

const query = z.object({ id: z.string() });

export const groupRequests: Record<string, RequestHandler> = {
  queryGroup(body, context) {
    const { account } = linkedAccount(context);
    const group = account.groups.get(query.parse(body).id);
    if (!group) throw new RefusedRequest(404, 'item-not-found');
    return { group };
  },
};
