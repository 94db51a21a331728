/* IndexedDB of the profile: `signal-storage` holds the device's identity, `model-storage` chats and messages. */
define('sandbox/storage', () => {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  const completed = (transaction) =>
    new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });

  function open(name, upgrade) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => upgrade(request.result);
    return settled(request);
  }

  const identity = open('signal-storage', (database) => database.createObjectStore('meta'));

  // IndexedDB reads forwards only: the negated time lets "the newest fifty" be one getAll().
  const models = open('model-storage', (database) => {
    database.createObjectStore('chat', { keyPath: 'id' });
    database.createObjectStore('contact', { keyPath: 'id' });
    database.createObjectStore('outbox', { keyPath: 'id' });
    const messages = database.createObjectStore('message', { keyPath: 'id' });
    messages.createIndex('newest', 'order');
    messages.createIndex('chat', ['chat', 'order']);
  });

  async function read(database, store, action) {
    const transaction = (await database).transaction(store, 'readonly');
    return settled(action(transaction.objectStore(store)));
  }

  async function write(database, stores, action) {
    const names = Array.isArray(stores) ? stores : [stores];
    const transaction = (await database).transaction(names, 'readwrite');
    action(...names.map((name) => transaction.objectStore(name)));
    return completed(transaction);
  }

  const messageOrder = (message) => -(message.t * 1000 + ((message.sequence ?? 0) % 1000));

  return {
    readIdentity: () => read(identity, 'meta', (store) => store.get('registration')),
    writeIdentity: (value) => write(identity, 'meta', (store) => store.put(value, 'registration')),

    async wipe() {
      await write(identity, 'meta', (store) => store.clear());
      await write(models, ['chat', 'contact', 'message', 'outbox'], (...stores) =>
        stores.forEach((store) => store.clear()),
      );
    },

    chats: () => read(models, 'chat', (store) => store.getAll()),
    contacts: () => read(models, 'contact', (store) => store.getAll()),
    putChats: (chats) => write(models, 'chat', (store) => chats.forEach((chat) => store.put(chat))),
    putContacts: (contacts) => write(models, 'contact', (store) => contacts.forEach((contact) => store.put(contact))),
    deleteChat: (id) => write(models, 'chat', (store) => store.delete(id)),

    message: (id) => read(models, 'message', (store) => store.get(id)),
    newestMessages: (count) => read(models, 'message', (store) => store.index('newest').getAll(null, count)),
    /** Messages of a chat that are older than the given one (or the newest of all), newest first. */
    earlierMessages(chat, before, count) {
      const lower = before ? messageOrder(before) : -Infinity;
      const range = IDBKeyRange.bound([chat, lower], [chat, Infinity], before !== undefined);
      return read(models, 'message', (store) => store.index('chat').getAll(range, count));
    },
    allMessages: () => read(models, 'message', (store) => store.index('newest').getAll()),
    putMessages: (messages) =>
      write(models, 'message', (store) =>
        messages.forEach((message) => store.put({ ...message, order: messageOrder(message) })),
      ),
    deleteMessages: (ids) => write(models, 'message', (store) => ids.forEach((id) => store.delete(id))),

    outbox: () => read(models, 'outbox', (store) => store.getAll()),
    putOutbox: (message) => write(models, 'outbox', (store) => store.put(message)),
    deleteOutbox: (id) => write(models, 'outbox', (store) => store.delete(id)),
  };
});
