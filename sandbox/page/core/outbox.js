/* What the account sends: kept in the profile until the server has acknowledged it, and sent again after a reconnect. */
define('sandbox/outbox', (require) => {
  const connection = require('sandbox/connection');
  const storage = require('sandbox/storage');

  async function transmit(wire) {
    const answer = await connection.request('sendMessage', wire);
    const { Msg } = require('WAWebCollections');
    const [message] = (await Msg.getMessagesById([wire.id])).messages;
    if (message && message.ack < 1) await require('sandbox/store').change(message, { ack: 1 });
    await storage.deleteOutbox(wire.id);
    return { messageSendResult: 'OK', t: answer.t };
  }

  async function keepAndTransmit(wire) {
    await storage.putOutbox(wire);
    try {
      return await transmit(wire);
    } catch (error) {
      // It stays in the outbox; with the connection back it goes out.
      return { messageSendResult: 'ERROR_NETWORK', error };
    }
  }

  const underway = new Set();

  return {
    send(wire) {
      const sending = keepAndTransmit(wire).finally(() => underway.delete(sending));
      underway.add(sending);
      return sending;
    },
    /** What is said about a message (an edit, a deletion) must not overtake it. */
    async request(name, body) {
      await Promise.all(underway);
      return connection.request(name, body);
    },
    async flush() {
      for (const wire of await storage.outbox()) await transmit(wire).catch(() => undefined);
    },
  };
});
