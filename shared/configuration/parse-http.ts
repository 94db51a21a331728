import { type Parsed, accept, reject } from './option.js';

/** A host name or address to listen on, without a port. */
export function parseHost(raw: unknown): Parsed<string> {
  const write = '127.0.0.1';
  if (typeof raw !== 'string') return reject('is not a host name or address', { write });
  const host = raw.trim();
  if (host.includes('://')) return reject('is a URL; the host alone is wanted', { write });
  if (/^[^:]+:\d+$/.test(host)) {
    return reject('has a port, which has an option of its own', { write: host.replace(/:\d+$/, '') });
  }
  if (!/^[a-z0-9._:%-]{1,253}$/i.test(host)) return reject('is not a host name or address', { write });
  return accept(host);
}

export function parseToken(raw: unknown): Parsed<string> {
  const advice = 'write 16 or more letters and digits, for example the output of: openssl rand -hex 24';
  if (typeof raw !== 'string') return reject('is not text', { advice });
  // It travels in an Authorization header, which ends at a space.
  if (!/^[\x21-\x7e]{1,512}$/.test(raw))
    return reject('has spaces or special characters in it, or is too long', { advice });
  return accept(raw);
}
