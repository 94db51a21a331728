import { EventEmitter, once } from 'node:events';

import { boundTexts } from '../shared/bounded-text.js';
import type { Logger } from '../shared/logger.js';
import type { Assignment, SupervisorMessage, WorkerMessage } from '../shared/protocol/messages.js';
import { parseSupervisorMessage } from '../shared/protocol/parse-message.js';

interface ConnectionEvents {
  assign: [Assignment];
  stop: [Extract<SupervisorMessage, { type: 'stop' }>];
  'refresh-link': [Extract<SupervisorMessage, { type: 'refresh-link' }>];
  unlink: [];
  /** The supervisor is gone. */
  gone: [];
}

/** What a child process has of the channel to its parent. */
export type IpcChannel = Pick<NodeJS.Process, 'on' | 'send' | 'connected'>;

/** The worker's end of the IPC channel. */
export class SupervisorConnection extends EventEmitter<ConnectionEvents> {
  /** Listened for from the beginning: the answer to `hello` may come before `hello` is known to have been sent. */
  readonly assignment = once(this, 'assign').then(([assignment]) => assignment as Assignment);
  readonly #channel: IpcChannel;

  constructor(log: Logger, channel: IpcChannel) {
    super();
    this.#channel = channel;
    channel.on('message', (raw) => {
      const parsed = parseSupervisorMessage(raw);
      if (!parsed.ok) {
        log.error(`Ignored a message of the supervisor that makes no sense: ${parsed.problem}`);
        return;
      }
      const { message } = parsed;
      switch (message.type) {
        case 'assign':
          this.emit('assign', message);
          return;
        case 'stop':
          this.emit('stop', message);
          return;
        case 'refresh-link':
          this.emit('refresh-link', message);
          return;
        case 'unlink':
          this.emit('unlink');
          return;
      }
    });
    channel.on('disconnect', () => this.emit('gone'));
  }

  /**
   * Resolves when the message has left this process: `process.exit()` cuts off what is still queued. Its texts are cut to what may go
   * over the border, here: the supervisor would have to take all of a message to see that it is too long.
   */
  async send(message: WorkerMessage): Promise<void> {
    if (!this.#channel.connected || this.#channel.send === undefined) return;
    const send = this.#channel.send.bind(this.#channel);
    await new Promise<void>((resolve) => {
      send(boundTexts(message), undefined, undefined, () => resolve());
    });
  }
}
