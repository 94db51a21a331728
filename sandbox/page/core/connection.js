/* The socket to the server: one login, requests with answers, pushed frames, reconnects with backoff. */
define('sandbox/connection', (require) => {
  const { Events } = require('sandbox/events');
  const backoffMs = [0, 250, 500, 1000, 2000, 4000];

  class ServerStatusCodeError extends Error {
    constructor({ status, message, name }) {
      super(message);
      this.name = name ?? 'ServerStatusCodeError';
      this.status = status;
      this.statusCode = status;
    }
  }

  const connection = new Events();
  const pending = new Map();
  let socket;
  let wanted = false;
  let attempt = 0;
  let timer;
  let nextRequest = 1;

  function connect() {
    clearTimeout(timer);
    socket = new WebSocket(`wss://${location.host}/ws/chat`);
    const current = socket;
    current.onopen = () => connection.trigger('open');
    current.onmessage = ({ data }) => {
      if (current === socket) receive(JSON.parse(data));
    };
    current.onclose = () => {
      if (current !== socket) return;
      socket = undefined;
      for (const { reject } of pending.values()) reject(new Error('The connection to the server was lost.'));
      pending.clear();
      connection.trigger('lost');
      if (wanted) timer = setTimeout(connect, backoffMs[Math.min(attempt++, backoffMs.length - 1)]);
    };
  }

  function receive(frame) {
    if (frame.type !== 'response') return connection.trigger('frame', frame);
    const waiting = pending.get(frame.id);
    pending.delete(frame.id);
    if (frame.error) waiting?.reject(new ServerStatusCodeError(frame.error));
    else waiting?.resolve(frame.body);
  }

  return Object.assign(connection, {
    ServerStatusCodeError,
    start() {
      wanted = true;
      attempt = 0;
      if (!socket) connect();
    },
    stop() {
      wanted = false;
      clearTimeout(timer);
      socket?.close();
      socket = undefined;
    },
    /** A login that was accepted: the next loss is retried at once again. */
    settled() {
      attempt = 0;
    },
    restart() {
      this.stop();
      this.start();
    },
    send(frame) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    request(name, body = {}) {
      return new Promise((resolve, reject) => {
        const id = nextRequest++;
        pending.set(id, { resolve, reject });
        if (this.send({ type: 'request', id, name, body })) return;
        pending.delete(id);
        reject(new Error(`${name}: this device is not connected.`));
      });
    },
  });
});
