/* What the account sends: kept in the profile until the server has acknowledged it, and sent again after a reconnect. */
define('sandbox/outbox', (require) => {
  const connection = require('sandbox/connection');
  const storage = require('sandbox/storage');

  async function transmit(wire) {
    const answer = await connection.request('sendMessage', wire);
    await storage.deleteOutbox(wire.id);
    const { Msg } = require('WAWebCollections');
    const message = Msg.get(wire.id);
    if (message && message.ack < 1) message.ack = 1;
    return { messageSendResult: 'OK', t: answer.t };
  }

  return {
    async send(wire) {
      await storage.putOutbox(wire);
      try {
        return await transmit(wire);
      } catch (error) {
        // It stays in the outbox; with the connection back it goes out.
        return { messageSendResult: 'ERROR_NETWORK', error };
      }
    },
    async flush() {
      for (const wire of await storage.outbox()) await transmit(wire).catch(() => undefined);
    },
  };
});
