import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describeError } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { createControlServer, listening } from './control-server.js';
import { isLoopback } from './guard.js';

export interface TcpDoorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly listener: RequestListener;
  /** What to say of the token. */
  readonly tokenHint: string;
  readonly log: Logger;
}

export interface OpenDoor {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the HTTP port. Undefined, after one warning, where that can't be done: a bot runs without it, too. */
export async function openTcpDoor(options: TcpDoorOptions): Promise<OpenDoor | undefined> {
  const { host, port, listener, tokenHint, log } = options;
  const control = createControlServer();
  control.serve(listener);
  try {
    await listening(control.server, () => void control.server.listen({ host, port }));
  } catch (error) {
    log.warn(`${describeObstacle(error, options)} The control socket and everything else work.`);
    await control.close();
    return undefined;
  }
  const { port: bound } = control.server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`;
  log.info(`Dashboard and control API: ${url} (${tokenHint})`);
  if (!isLoopback(host)) {
    log.warn(
      `${url} is open to other machines, and what is said there is not encrypted: whoever listens in has the token. Put a proxy with TLS before it, or use 127.0.0.1 and a tunnel.`,
    );
  }
  return { url, close: () => control.close() };
}

function describeObstacle(error: unknown, { host, port }: TcpDoorOptions): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `There is no dashboard over HTTP: something else uses ${host}:${port}. Set WASUP_HTTP_PORT to another port (0 takes any that is free).`;
    case 'EACCES':
      return `There is no dashboard over HTTP: this user may not use port ${port}. Set WASUP_HTTP_PORT to 1024 or above.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `There is no dashboard over HTTP: ${host} is no address of this machine. Set WASUP_HTTP_HOST.`;
    default:
      return `There is no dashboard over HTTP at ${host}:${port} (${describeError(error)}). Look at WASUP_HTTP_HOST and WASUP_HTTP_PORT.`;
  }
}
