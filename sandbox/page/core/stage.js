/* A second line to the server that no network fault touches: it reports unknown modules and lets tests act on the page. */
define('sandbox/stage', (require) => {
  const config = require('sandbox/config');
  const { onUnknownModule } = require('sandbox/unknown-modules');
  const waiting = [];
  let socket;

  function report(frame) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    else waiting.push(frame);
  }

  const ofTheBrowser = new Set(Object.getOwnPropertyNames(window));

  /** A way to Node, as debuggers add it to a page: Chromium's own function, and not a part of every page. */
  const isBinding = (name) =>
    !ofTheBrowser.has(name) &&
    typeof window[name] === 'function' &&
    /\[native code\]/.test(Function.prototype.toString.call(window[name]));

  const actions = {
    reload: () => location.reload(),
    state: ({ state }) => require('sandbox/session').force(state),
    synced: ({ synced }) => require('WAWebSocketModel').Socket.set({ hasSynced: synced }),
    deafen() {
      for (const name of Object.getOwnPropertyNames(window).filter(isBinding)) {
        window[name] = () => undefined;
        // Puppeteer keeps its way to Node beside each function that it exposes, under the same name with this prefix.
        if (name.startsWith('puppeteer_')) window[name.slice('puppeteer_'.length)] = async () => undefined;
      }
    },
    'forget-utilities': () => void delete window.WWebJS,
    'count-listeners': () => require('sandbox/events').countListeners(),
    async wipe({ part }) {
      if (part !== 'indexedDB') localStorage.clear();
      if (part !== 'localStorage') await require('sandbox/storage').wipe();
    },
    // V8's own breakpoint, a word of its language that the sandbox's browser flags switch on: the renderer dies of it.
    crash: () => (0, eval)('%SystemBreak()'),
    freeze({ forMs }) {
      report({ type: 'freezing' });
      const end = performance.now() + (forMs ?? Infinity);
      while (performance.now() < end);
    },
  };

  function open() {
    socket = new WebSocket(`wss://${location.host}/ws/stage?page=${config.pageId}`);
    socket.onopen = () => waiting.splice(0).forEach(report);
    socket.onmessage = async ({ data }) => {
      const { action, id, ...details } = JSON.parse(data);
      const result = await actions[action]?.(details);
      if (id !== undefined) report({ type: 'done', id, result });
    };
  }

  onUnknownModule((name) => report({ type: 'unknown-module', name }));
  return { open, report };
});
