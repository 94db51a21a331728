/* Runs last. */
window.Debug = { VERSION: load('sandbox/config').version };
load('sandbox/stage').open();
load('sandbox/session')
  .start()
  .catch((error) => load('sandbox/stage').report({ type: 'error', message: String(error?.stack ?? error) }));
