import { connect } from 'node:net';

/** Connecting to a socket of this machine takes no time at all; who lets it take some is alive and has much to do. */
const knockTimeoutMs = 2_000;

/**
 * `living`: the kernel connects, or would if the queue of who waits were not full; a stopped process counts. `dead`: the
 * socket's process is gone. `missing`: there is no socket. Otherwise the error's code: nobody can say.
 */
export type KnockAnswer = 'living' | 'dead' | 'missing' | { readonly code: string };

/** Whether somebody listens on a Unix socket. Nothing is said to them. */
export function knock(address: string): Promise<KnockAnswer> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const end = (answer: KnockAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(knockTimeoutMs, () => end('living'));
    socket.once('connect', () => end('living'));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') end('dead');
      else if (code === 'ENOENT') end('missing');
      else if (code === 'EAGAIN') end('living');
      else end({ code: code ?? message });
    });
  });
}
