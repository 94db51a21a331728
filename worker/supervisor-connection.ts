import { EventEmitter, once } from 'node:events';

import type { Logger } from '../shared/logger.js';
import type { Assignment, SupervisorMessage, WorkerMessage } from '../shared/protocol/messages.js';
import { parseSupervisorMessage } from '../shared/protocol/parse-message.js';

interface ConnectionEvents {
  assign: [Assignment];
  stop: [Extract<SupervisorMessage, { type: 'stop' }>];
  /** The supervisor is gone. */
  gone: [];
}

/** The worker's end of the IPC channel. */
export class SupervisorConnection extends EventEmitter<ConnectionEvents> {
  constructor(log: Logger) {
    super();
    process.on('message', (raw) => {
      const parsed = parseSupervisorMessage(raw);
      if (!parsed.ok) {
        log.error(`Ignored a message of the supervisor that makes no sense: ${parsed.problem}`);
        return;
      }
      if (parsed.message.type === 'assign') this.emit('assign', parsed.message);
      else this.emit('stop', parsed.message);
    });
    process.on('disconnect', () => this.emit('gone'));
  }

  /** Resolves when the message has left this process: `process.exit()` cuts off what is still queued. */
  async send(message: WorkerMessage): Promise<void> {
    if (!process.connected || process.send === undefined) return;
    const send = process.send.bind(process);
    await new Promise<void>((resolve) => {
      send(message, undefined, undefined, () => resolve());
    });
  }

  async assignment(): Promise<Assignment> {
    const [assignment] = (await once(this, 'assign')) as [Assignment];
    return assignment;
  }
}
