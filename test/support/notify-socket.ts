import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { until } from './until.js';

/** Node has no datagram sockets for Unix; Python has. */
const program = `
import os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
while True:
    data, descriptors, _, _ = socket.recv_fds(receiver, 4096, 1)
    print(data.decode().replace("\\n", " "), flush=True)
    # systemd-notify sends one with its last message, and waits until it is closed.
    for descriptor in descriptors: os.close(descriptor)
`;

/** Whether this machine has what {@link NotifySocket} and its callers need. */
export function canNotify(): boolean {
  try {
    execFileSync('systemd-notify', ['--version'], { stdio: 'ignore' });
    execFileSync('python3', ['-c', 'import socket; socket.recv_fds'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** systemd's end of `NOTIFY_SOCKET`: writes down what a service says of itself. */
export class NotifySocket {
  readonly path: string;
  /** A message each; its assignments are separated by spaces. */
  readonly messages: string[] = [];
  readonly #subprocess: ChildProcess;

  static async open(path: string): Promise<NotifySocket> {
    const socket = new NotifySocket(path);
    await until(() => (existsSync(path) ? true : undefined), { expectation: () => `a socket at ${path}` });
    return socket;
  }

  private constructor(path: string) {
    this.path = path;
    const subprocess = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: subprocess.stdout }).on('line', (line) => this.messages.push(line));
    this.#subprocess = subprocess;
  }

  waitFor(pattern: RegExp): Promise<string> {
    return until(() => this.messages.find((message) => pattern.test(message)), {
      expectation: () => `a message like ${String(pattern)}; there are: ${this.messages.join(' | ')}`,
    });
  }

  close(): void {
    this.#subprocess.kill('SIGKILL');
  }
}
