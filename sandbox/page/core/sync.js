/* When does the first sync of a page end? See "Sync" in the README of the sandbox. */
define('sandbox/sync', (require) => {
  const { Cmd } = require('WAWebCmd');
  const { OfflineMessageHandler } = require('WAWebOfflineHandler');
  const { Socket } = require('WAWebSocketModel');

  /** WhatsApp needs seconds for its sync, a library's injection less: unless told otherwise a listener is awaited. */
  const longestWaitForListenerMs = 3000;
  let released = Promise.withResolvers();

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  function listenerAttached() {
    if (Socket.hasListener('change:hasSynced')) return undefined;
    return new Promise((resolve) => {
      Socket.onListenerAdded = () => Socket.hasListener('change:hasSynced') && resolve();
    });
  }

  async function complete({ delayMs, withhold, beforeListener }, eventCount) {
    progress(eventCount > 0 ? 50 : 0);
    if (withhold) await released.promise;
    else if (delayMs > 0) await pause(delayMs);
    else if (!beforeListener) await Promise.race([listenerAttached(), pause(longestWaitForListenerMs)]);
    delete Socket.onListenerAdded;
    progress(100);
  }

  function progress(percent) {
    OfflineMessageHandler.setOfflineDeliveryProgress(percent);
    Cmd.trigger('offline_progress_update_from_bridge');
  }

  return {
    complete,
    release() {
      released.resolve();
      released = Promise.withResolvers();
    },
  };
});
