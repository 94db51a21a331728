/* Applies what the server delivers: first into the profile, then it is acknowledged, then shown. In that order a crash
   may repeat a delivery but never lose one. */
define('sandbox/incoming', (require) => {
  const connection = require('sandbox/connection');
  const stage = require('sandbox/stage');
  const storage = require('sandbox/storage');
  const kinds = require('sandbox/incoming-kinds');
  /** What is shown without a pause keeps the page's thread from everything else. */
  const mostTogether = 20;
  let queue = Promise.resolve();
  /** What waits to be applied together; undefined while nothing waits. */
  let next;

  /**
   * `fresh` events happen before the eyes of a synced page; others came while it was away and stay silent. What comes while earlier ones are
   * written is written together: a transaction for each would have everything else that is stored wait behind a whole burst.
   */
  function apply(events, { fresh }) {
    if (next?.fresh === fresh && next.events.length < mostTogether) {
      next.events.push(...events);
      return queue;
    }
    const batch = { events: [...events], fresh };
    next = batch;
    queue = queue
      .then(() => {
        if (next === batch) next = undefined;
        return applyNow(batch.events, fresh);
      })
      .catch((error) => stage.report({ type: 'error', message: String(error?.stack ?? error) }));
    return queue;
  }

  async function applyNow(events, fresh) {
    const messages = events.filter(({ kind }) => kind === 'message').map(({ message }) => message);
    if (messages.length > 0) await storage.putMessages(messages);
    for (const event of events) if (event.kind === 'history') await kinds.storeHistory(event);
    connection.send({ type: 'stored', ids: events.map(({ id }) => id) });
    for (const event of events) await kinds.show(event, fresh);
    await kinds.saveTouchedChats();
  }

  return { apply };
});
