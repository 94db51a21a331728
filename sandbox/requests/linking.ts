import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { RequestHandler } from './index.js';
import { linkedAccount } from './linked-account.js';
import { RefusedRequest } from './refused-request.js';

const codeAlphabet = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';
const pairingRequest = z.object({ phoneNumber: z.string() });

export const linkingRequests: Record<string, RequestHandler> = {
  requestPairingCode(body, { connection, world }) {
    const number = pairingRequest.parse(body).phoneNumber.replace(/\D/g, '');
    const account = world.account(number);
    account.counters.pairingCodesAsked += 1;
    world.counters.pairingCodesServed += 1;
    if (account.pairingCodes.rateLimited) throw new RefusedRequest(429, 'rate-overlimit');
    const code = Array.from({ length: 8 }, () => codeAlphabet[randomInt(codeAlphabet.length)]).join('');
    connection.pairing = { code, number };
    world.changed();
    return { code };
  },

  logout(_body, context) {
    const { account, device } = linkedAccount(context);
    account.devices.delete(device.id);
    device.connection = undefined;
    context.world.changed();
    return {};
  },
};
