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

  const actions = {
    reload: () => location.reload(),
    state: ({ state }) => require('sandbox/session').force(state),
    synced: ({ synced }) => require('WAWebSocketModel').Socket.set({ hasSynced: synced }),
    // Puppeteer keeps its own way to Node beside each function that it exposes, under the same name with this prefix.
    deafen() {
      const prefix = 'puppeteer_';
      for (const binding of Object.getOwnPropertyNames(window).filter((name) => name.startsWith(prefix))) {
        window[binding.slice(prefix.length)] = async () => undefined;
      }
    },
    'forget-utilities': () => delete window.WWebJS,
    wipe: ({ part }) => {
      if (part !== 'indexedDB') localStorage.clear();
      if (part !== 'localStorage') void require('sandbox/storage').wipe();
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
    socket.onmessage = ({ data }) => {
      const { action, id, ...details } = JSON.parse(data);
      actions[action]?.(details);
      if (id !== undefined) report({ type: 'done', id });
    };
  }

  onUnknownModule((name) => report({ type: 'unknown-module', name }));
  return { open, report };
});
