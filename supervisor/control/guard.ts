import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** What a door on TCP lets in. */
export interface TcpDoor {
  /** The address that it was told to listen on. */
  readonly host: string;
  readonly token: string;
}

export interface Caller {
  /** The headers, as they came. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
  readonly action: string;
}

/**
 * Whether a request comes from where it says, as far as headers tell: a page of another site that has its own name lead
 * to this address (DNS rebinding) sends its name as Host, one that posts here sends its Origin. Pure.
 */
export function refuseStranger({ host, origin }: Caller, door: TcpDoor): Refusal | undefined {
  const name = host === undefined ? undefined : hostName(host);
  if (name === undefined || !isOwnName(name, door.host)) {
    return {
      status: 403,
      error: `This is not ${host === undefined ? 'a host without a name' : 'that host'}.`,
      action: `Ask at the address that wasup says it listens on, or have it listen on another one: WASUP_HTTP_HOST.`,
    };
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}` && origin !== `https://${host ?? ''}`) {
    return { status: 403, error: 'Another site may not ask here.', action: 'Use the page that wasup itself shows.' };
  }
  return undefined;
}

/** Whether the caller has shown the token. Takes the same time whatever is wrong with it. */
export function hasToken({ authorization }: Caller, door: TcpDoor): boolean {
  const [, shown] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  return shown !== undefined && timingSafeEqual(digest(shown), digest(door.token));
}

export const tokenMissing: Refusal = {
  status: 401,
  error: 'The token is missing or wrong.',
  action: 'Send "Authorization: Bearer <token>": WASUP_HTTP_TOKEN, or what is in .http-token in the sessions folder.',
};

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Names of other machines can be made to lead here, numbers can't. */
function isOwnName(name: string, boundHost: string): boolean {
  if (isLoopback(name) || name === boundHost.toLowerCase()) return true;
  return !isLoopback(boundHost) && isIP(name) !== 0;
}

/** Without port and brackets; undefined for what is no host. */
function hostName(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
