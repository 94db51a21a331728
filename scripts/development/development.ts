import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { standardError } from '../../shared/output/standard-output.js';
import { describeFiles } from '../../supervisor/development/describe-files.js';
import { type FolderWatch, watchFolders } from '../../supervisor/development/watch-folders.js';
import { isInTerminal } from '../../supervisor/is-in-terminal.js';
import { decide, type DevelopmentEffect, type DevelopmentEvent, initialSituation, type Notice } from './decide.js';
import { SignalPresses } from './signal-presses.js';
import { trySources, type Trial } from './try-sources.js';

/** More than the supervisor's own deadlines for a stop. Without it, browsers and workers leave by themselves. */
const stopDeadlineMs = 60_000;
/** A supervisor that was told to kill everything is gone sooner. */
const killDeadlineMs = 10_000;

const checkout = fileURLToPath(new URL('../../', import.meta.url));
/** What the supervisor has loaded. What of it workers have loaded, too, comes to them with the restart. */
const supervisorRooms = ['supervisor', 'shared'];

/** A supervisor and the watch over its sources, until somebody ends it. */
export class Development {
  /** The exit code, when nothing is left. */
  readonly ended: Promise<number>;
  readonly #words: readonly string[];
  readonly #watch: FolderWatch;
  #end: (code: number) => void = () => undefined;
  #situation = initialSituation;
  #supervisor: ChildProcess | undefined;
  #trial: Trial | undefined;
  #problem = '';
  #files: readonly string[] = [];
  #killTimer: NodeJS.Timeout | undefined;

  /** @param words what the supervisor's command line gets. */
  constructor(words: readonly string[]) {
    this.#words = words;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const presses = new SignalPresses((name) => this.#handle({ type: 'signal', name }));
    const endingSignals = ['SIGINT', 'SIGTERM', ...(isInTerminal ? (['SIGHUP'] as const) : [])] as const;
    for (const name of endingSignals) process.on(name, () => presses.add(name, performance.now()));
    // To the supervisor it means a reload of the configuration then.
    if (!isInTerminal) process.on('SIGHUP', () => this.#supervisor?.kill('SIGHUP'));
    process.on('SIGWINCH', () => this.#supervisor?.kill('SIGWINCH'));
    // A terminal that was closed can't be written to, and the end comes in order all the same.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    this.#watch = watchFolders(
      [...supervisorRooms, 'worker'].map((room) => ({ path: `${checkout}${room}`, isDeep: true })),
      {
        onChange: (files) => this.#onChange(files),
        onTrouble: ({ message }) => say(`Changes may go unseen: ${message}`),
      },
    );
    this.#start();
  }

  #onChange(files: readonly string[]): void {
    const own = files.filter((file) => supervisorRooms.some((room) => file.startsWith(`${checkout}${room}${sep}`)));
    if (own.length > 0) this.#files = own;
    this.#handle({ type: 'changed', whose: own.length > 0 ? 'supervisor' : 'workers' });
  }

  #handle(event: DevelopmentEvent): void {
    const { next, effects } = decide(this.#situation, event);
    this.#situation = next;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: DevelopmentEffect): void {
    switch (effect.type) {
      case 'start': {
        this.#start();
        return;
      }
      case 'try-sources': {
        this.#try();
        return;
      }
      case 'stop':
        this.#supervisor?.kill('SIGTERM');
        {
          this.#killAfter(stopDeadlineMs);
          return;
        }
      case 'forward':
        this.#supervisor?.kill(effect.signal);
        {
          this.#killAfter(this.#situation.end === 'insisted' ? killDeadlineMs : stopDeadlineMs);
          return;
        }
      case 'kill':
        this.#supervisor?.kill('SIGKILL');
        return;
      case 'tell': {
        say(this.#sentence(effect.what));
        return;
      }
      case 'end': {
        this.#leave(effect.code);
        return;
      }
    }
  }

  #start(): void {
    const supervisor = spawn(
      process.execPath,
      [...process.execArgv, `${checkout}supervisor/main.ts`, 'dev-restarted', ...this.#words],
      {
        // Ctrl-C reaches everything that shares a terminal; whether it means this one is decided here.
        detached: true,
        // The channel says nothing: it breaks when this process dies without a word, and the supervisor ends then.
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      },
    );
    this.#supervisor = supervisor;
    supervisor.on('error', ({ message }) => say(`The supervisor: ${message}`));
    supervisor.once('exit', (code, signal) => {
      clearTimeout(this.#killTimer);
      this.#handle({ type: 'exited', code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'] });
    });
  }

  #try(): void {
    this.#trial?.abandon();
    const trial = trySources();
    this.#trial = trial;
    void trial.problem.then((problem) => {
      if (this.#trial !== trial) return;
      this.#trial = undefined;
      this.#problem = problem ?? '';
      this.#handle({ type: problem === undefined ? 'loaded' : 'load-failed' });
    });
  }

  #killAfter(deadlineMs: number): void {
    const supervisor = this.#supervisor;
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => {
      say(`The supervisor was still there after ${deadlineMs / 1_000} s: killing it.`);
      supervisor?.kill('SIGKILL');
    }, deadlineMs);
  }

  #leave(code: number): void {
    this.#trial?.abandon();
    this.#trial = undefined;
    void this.#watch.close().then(() => this.#end(code));
  }

  #sentence(what: Notice): string {
    const files = describeFiles(this.#files, process.cwd());
    switch (what) {
      case 'restarting':
        return `${files} changed: restarting the supervisor.`;
      case 'kept':
        return `The sources as they are now can't be loaded; the supervisor with the old ones stays. Waiting for the next change.\n${this.#problem}`;
      case 'still-waiting':
        return `The sources as they are now can't be loaded. Waiting for the next change.\n${this.#problem}`;
      case 'died':
        return 'The supervisor has ended with the sources as they are now. Waiting for the next change.';
    }
  }
}

function say(text: string): void {
  standardError.write(`dev: ${text}\n`);
}
