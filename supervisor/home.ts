import type { Logger } from '../shared/logger.js';
import { type RunCommand, runCommand } from './browser/run-command.js';
import { pm2Home } from './home-pm2.js';
import { systemdHome } from './home-systemd.js';

/** The service manager that wasup was started by, as far as it wants to hear of us. Every sentence is one line for people. */
export interface Home {
  /** The start has come to an end, or a reload. Told once for each. */
  ready(sentence: string): void;
  /** How the accounts are now. */
  status(sentence: string): void;
  /** The configuration is being read again; `ready` follows. */
  reloading(): void;
  /** From here on nothing but the end is told. */
  stopping(): void;
  /** Resolves when everything has been told. Ends the watchdog's signs of life. */
  close(): Promise<void>;
}

export interface HomeOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly pid: number;
  /** The channel to the parent, if there is one. Calls back when the parent could not be reached. */
  readonly send: ((message: string, onError: (error: Error) => void) => void) | undefined;
  /** Runs systemd-notify. */
  readonly run: RunCommand;
}

/** Finds out who started us, and how to talk to them. Without a service manager nothing is told to anybody. */
export function enterHome(options: HomeOptions): Home {
  if (options.pid === 1) options.log.warn(processOneWarning);
  // pm2 hands the environment of its own unit down: NOTIFY_SOCKET isn't meant for us then.
  return inOrder(pm2Home(options) ?? systemdHome(options) ?? nobody);
}

/** The home of this very process. */
export function enterOwnHome(log: Logger): Home {
  const send: HomeOptions['send'] = (message, onError) =>
    process.send?.(message, undefined, undefined, (error) => {
      if (error !== null) onError(error);
    });
  const hasParent = process.send !== undefined;
  return enterHome({
    environment: process.env,
    log,
    pid: process.pid,
    send: hasParent ? send : undefined,
    run: runCommand,
  });
}

const processOneWarning =
  'wasup runs as process 1, which has to bury the dead of the whole container, and Node does not: ' +
  'zombies of Chromium will pile up. Start the container with an init: `docker run --init`, or `init: true` in a compose file.';

const nobody: Home = {
  ready: () => undefined,
  status: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  close: () => Promise.resolve(),
};

/** Nobody hears "ready" twice, or from somebody who is about to leave: a start that fails ends in "ready" in the same moment. */
function inOrder(home: Home): Home {
  let phase: 'starting' | 'ready' | 'reloading' | 'stopping' = 'starting';
  return {
    ready(sentence) {
      if (phase !== 'starting' && phase !== 'reloading') return;
      phase = 'ready';
      home.ready(sentence);
    },
    status(sentence) {
      if (phase !== 'stopping') home.status(sentence);
    },
    reloading() {
      // Before the first "ready" a reload is a part of the start.
      if (phase !== 'ready') return;
      phase = 'reloading';
      home.reloading();
    },
    stopping() {
      if (phase === 'stopping') return;
      phase = 'stopping';
      home.stopping();
    },
    close: () => home.close(),
  };
}
