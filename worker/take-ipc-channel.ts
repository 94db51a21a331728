import type { IpcChannel } from './supervisor-connection.js';

/** What Node puts into a process that was started with a channel to its parent, and takes as a sign of one. */
type ChannelHolder = Pick<NodeJS.Process, 'on' | 'connected'> & Partial<Pick<NodeJS.Process, 'send'>>;

/**
 * Takes the IPC channel for wasup alone: a bot finds no `process.send`, as in a process that nobody has forked. Bots
 * that are at home under pm2 look for it and tell their parent that they are ready; others send it whatever they have.
 * A message has arrived as a whole before the supervisor can see how long it is. `process.disconnect` stays: Node calls
 * it when the parent has gone, and without it `disconnect` is never emitted.
 *
 * @returns undefined where there is no channel.
 */
export function takeIpcChannel(holder: ChannelHolder = process): IpcChannel | undefined {
  const { send } = holder;
  if (send === undefined) return undefined;
  delete holder.send;
  const channel = {
    send: send.bind(holder),
    on: holder.on.bind(holder),
    get connected() {
      return holder.connected;
    },
  };
  return channel;
}
