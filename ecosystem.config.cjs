// For pm2 7: `npm run build && WASUP_ACCOUNTS=… npx pm2 start ecosystem.config.cjs`. See docs/deployment.md.

/** What wasup may take for its stop, if the environment says so. A value in wasup.config.json has to be repeated here. */
const stopTimeoutMs = Number(process.env.WASUP_STOP_TIMEOUT_MS ?? 20_000);

const ownVariables = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith('WASUP_') || name === 'PUPPETEER_EXECUTABLE_PATH'),
);

module.exports = {
  apps: [
    {
      name: 'wasup',
      script: 'supervisor/index.js',
      // Where wasup.config.json (or .js) and ./sessions are looked for.
      cwd: __dirname,

      // One supervisor for all accounts. A second one (cluster mode, more instances) would find every login taken.
      exec_mode: 'fork',
      instances: 1,

      // pm2 keeps the environment of the first start. What is named here is taken anew by `pm2 restart ecosystem.config.cjs`.
      env: { ...ownVariables, NODE_ENV: 'production' },

      // "online" means that each account listens, or waits for a person; at the latest after two minutes (announce-accounts.ts).
      // pm2 would show it after 3 s otherwise, whatever has happened by then.
      wait_ready: true,
      listen_timeout: 180_000,

      // SIGINT to the supervisor alone: it stops worker and browser in order. With treekill each of Chromium's processes
      // would get a SIGINT at the same time, and SIGKILL if it is still there: that costs the login's localStorage.
      treekill: false,
      // wasup ends its stop within its own time and 4 s. pm2's default of 1.6 s would kill it amid the browser's farewell.
      kill_timeout: stopTimeoutMs + 25_000,

      // 64 and 78 are about words and configuration: a restart meets the same again. Never 0 in this list: for pm2 a
      // process that was killed by a signal ended with 0.
      stop_exit_codes: [64, 78],
      // All else is started again: after 100 ms, and while it goes on ending, with pauses that grow up to 15 s. Also 73 (another
      // supervisor runs these accounts: pm2's own daemon was killed and has been started again, the first copy still works): the second
      // copy then looks every 15 s, takes nothing from the first, and takes over when it has gone.
      autorestart: true,
      exp_backoff_restart_delay: 100,
      // "errored", after which pm2 never tries again, is for a program that nobody misses. With the pauses above there are about 13 starts
      // in the min_uptime × max_restarts = 50 s in which pm2 counts.
      min_uptime: 1_000,
      max_restarts: 50,

      // pm2's probe, loaded into the supervisor, would cost it memory and catch its exceptions; git runs at each start for a column of `pm2 show`.
      pmx: false,
      vizion: false,
    },
  ],
};
