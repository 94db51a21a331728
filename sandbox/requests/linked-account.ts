import type { Account } from '../account.js';
import type { Device } from '../device.js';
import type { RequestContext } from './index.js';
import { RefusedRequest } from './refused-request.js';

/** For requests that only a linked device may make. */
export function linkedAccount({ connection }: RequestContext): { account: Account; device: Device } {
  const { account, device } = connection;
  if (!account || !device || !account.devices.has(device.id)) throw new RefusedRequest(401, 'not-authorized');
  return { account, device };
}
