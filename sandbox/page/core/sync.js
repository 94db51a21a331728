/* When does the first sync of a page end? See "Sync" in the README of the sandbox. */
define('sandbox/sync', (require) => {
  const { Cmd } = require('WAWebCmd');
  const { OfflineMessageHandler } = require('WAWebOfflineHandler');
  const { Socket } = require('WAWebSocketModel');

  /** WhatsApp needs seconds for its sync, a library's injection less: unless told otherwise a listener is awaited. */
  const longestWaitForListenerMs = 3000;
  let released = Promise.withResolvers();
  let advances = 0;

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  function listenerAttached() {
    if (Socket.hasListener('change:hasSynced')) return undefined;
    return new Promise((resolve) => {
      Socket.onListenerAdded = () => Socket.hasListener('change:hasSynced') && resolve();
    });
  }

  async function complete({ delayMs, withhold, beforeListener, progressEveryMs, steps = 10 }, eventCount, release) {
    if (progressEveryMs) await advance(steps, progressEveryMs);
    else progress(eventCount > 0 ? 50 : 0);
    if (withhold) await release;
    else if (delayMs > 0) await pause(delayMs);
    else if (!beforeListener) await Promise.race([listenerAttached(), pause(longestWaitForListenerMs)]);
    delete Socket.onListenerAdded;
    progress(100);
  }

  /** Ends below 100 %, which is for the end of the sync. A login that comes meanwhile begins a new sync. */
  async function advance(steps, everyMs) {
    const thisAdvance = ++advances;
    for (let step = 0; step < steps && thisAdvance === advances; step += 1) {
      progress(Math.round((step * 100) / steps));
      await pause(everyMs);
    }
  }

  function progress(percent) {
    OfflineMessageHandler.setOfflineDeliveryProgress(percent);
    Cmd.trigger('offline_progress_update_from_bridge');
  }

  return {
    complete,
    /** Resolves with the next release. */
    released: () => released.promise,
    release() {
      released.resolve();
      released = Promise.withResolvers();
    },
  };
});
