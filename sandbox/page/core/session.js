/* The story of a page: who am I, connect, link or log in, sync; and again after every loss. */
define('sandbox/session', (require) => {
  const connection = require('sandbox/connection');
  const config = require('sandbox/config');
  const identity = require('sandbox/identity');
  const incoming = require('sandbox/incoming');
  const linking = require('sandbox/linking');
  const outbox = require('sandbox/outbox');
  const store = require('sandbox/store');
  const sync = require('sandbox/sync');
  const { Cmd } = require('WAWebCmd');
  const { Conn } = require('WAWebConnModel');
  const { Socket } = require('WAWebSocketModel');
  const { Stream } = require('WAWebStreamModel');

  /** States in which WhatsApp closes the socket and waits for a person or another page. */
  const parked = ['CONFLICT', 'TOS_BLOCK', 'SMB_TOS_BLOCK', 'PROXYBLOCK', 'DEPRECATED_VERSION'];
  let credentials;
  let timeout;
  let leaving = false;
  let connections = 0;
  let asked;
  const ready = Promise.withResolvers();

  async function start() {
    Socket.state = 'OPENING';
    connection.on('open', login);
    connection.on('frame', (frame) => handlers[frame.type]?.(frame));
    connection.on('lost', () => {
      if (!leaving && !parked.includes(Socket.state)) opening();
    });
    connection.start();
    opening();
    credentials = await identity.load();
    if (credentials) await store.load();
    ready.resolve();
  }

  function opening() {
    if (timeout !== undefined) return;
    Socket.state = 'OPENING';
    timeout = setTimeout(() => (Socket.state = 'TIMEOUT'), config.socketTimeoutMs);
  }

  function enter(state) {
    clearTimeout(timeout);
    timeout = undefined;
    Socket.state = state;
  }

  async function login() {
    await ready.promise;
    const sent = connection.send({
      type: 'login',
      credentials: credentials ?? null,
      keys: identity.publicKeys(),
      pageId: config.pageId,
      living: Socket.hasSynced,
      asked,
    });
    if (sent) asked = undefined;
  }

  const handlers = {
    ref({ ref }) {
      const tellWhenRead = () => Conn.hasListener('change:ref') && connection.send({ type: 'qr-read' });
      Conn.onListenerAdded = tellWhenRead;
      tellWhenRead();
      Conn.ref = ref;
      Stream.mode = 'QR';
      enter('UNPAIRED');
    },
    'refs-spent': () => enter('UNPAIRED_IDLE'),
    pairing: () => enter('PAIRING'),

    async credentials(frame) {
      credentials = { deviceId: frame.deviceId, token: frame.token };
      await identity.save(credentials, frame.me);
      connection.send({ type: 'linked' });
    },

    async welcome(frame) {
      connection.settled();
      require('WATimeUtils').setClockSkew(Math.round((Date.now() - frame.now) / 1000));
      Conn.set({ wid: frame.me, pushname: frame.pushname, platform: frame.platform, connected: true });
      const living = Socket.hasSynced;
      const thisConnection = ++connections;
      const released = sync.released();
      enter('CONNECTED');
      await incoming.apply(frame.events, { fresh: living });
      if (!living) await sync.complete(frame.sync, frame.events.length, released);
      if (thisConnection !== connections || Socket.state !== 'CONNECTED') return;
      Stream.mode = 'MAIN';
      if (!Socket.hasSynced) Socket.hasSynced = true;
      connection.send({ type: 'synced' });
      await outbox.flush();
    },

    event: ({ event }) => incoming.apply([event], { fresh: Socket.hasSynced }),
    'sync-release': () => sync.release(),
    state: ({ state }) => force(state),
    replaced: () => force('CONFLICT'),
    refused: () => leave(),
    unlinked: () => leave(),
  };

  function force(state) {
    if (parked.includes(state)) {
      enter(state);
      connection.stop();
    } else if (state === 'CONNECTED' || state === 'OPENING') {
      connection.restart();
    } else {
      enter(state);
    }
  }

  /** WhatsApp tells its own interface, forgets everything and starts anew at this address. */
  async function leave() {
    if (leaving) return;
    leaving = true;
    connection.stop();
    Cmd.trigger('logout');
    await identity.wipe();
    location.href = `${location.origin}/?post_logout=1`;
  }

  function comeBack(why) {
    asked = why;
    opening();
    connection.restart();
  }

  Socket.actions = {
    logout: async () => {
      await connection.request('logout').catch(() => undefined);
      // The caller gets its answer before the page goes away.
      setTimeout(leave);
    },
    takeover: () => comeBack('takeover'),
    reconnect: () => comeBack('reconnect'),
  };
  linking.useSocket(connection);

  return { start, force };
});
