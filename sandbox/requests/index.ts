import type { ChatConnection } from '../chat-connection.js';
import type { RequestError } from '../frames.js';
import type { World } from '../world.js';
import { contactRequests } from './contacts.js';
import { groupRequests } from './groups.js';
import { linkingRequests } from './linking.js';
import { messageRequests } from './messages.js';
import { RefusedRequest } from './refused-request.js';

export interface RequestContext {
  connection: ChatConnection;
  world: World;
}

export type RequestHandler = (body: unknown, context: RequestContext) => unknown;

/** Everything that a page can ask of the server; add a family here when a module of the page needs one. */
const handlers: Record<string, RequestHandler> = {
  ...linkingRequests,
  ...messageRequests,
  ...contactRequests,
  ...groupRequests,
};

export async function answerRequest(
  { name, body }: { name: string; body?: unknown },
  context: RequestContext,
): Promise<{ body?: unknown; error?: RequestError }> {
  try {
    const handler = handlers[name];
    if (!handler) throw new RefusedRequest(501, `The sandbox has no answer to the request ${name}.`);
    return { body: (await handler(body, context)) ?? {} };
  } catch (error) {
    const status = error instanceof RefusedRequest ? error.status : 500;
    return { error: { status, message: error instanceof Error ? error.message : String(error) } };
  }
}
