import { supervisorExitCodes } from '../../shared/exit-codes.js';
import { WasupError } from '../../shared/errors.js';

/** Why a browser didn't start. None of it is a sign that anything is wrong with the login, none counts as an attempt to restore it. */
export type BrowserStartFailure =
  | 'executable-missing'
  | 'executable-unusable'
  | 'library-missing'
  | 'sandbox-unusable'
  | 'profile-in-use'
  /** By another supervisor of this machine, which is alive: trying again would not help, and must not hurt that one. */
  | 'profile-held'
  | 'disk-full'
  | 'not-permitted'
  | 'out-of-memory'
  | 'timeout'
  | 'unknown';

/** The browser didn't start. `message` quotes the last lines that it wrote, `remedy` says what to do. */
export class BrowserStartError extends WasupError {
  readonly failureClass: 'LOCAL' | 'CONFIGURATION';
  readonly failure: BrowserStartFailure;

  constructor(failure: BrowserStartFailure, message: string, options: { remedy: string; cause?: unknown }) {
    const isHeld = failure === 'profile-held';
    super(message, { ...options, exitCode: supervisorExitCodes[isHeld ? 'alreadyRunning' : 'unavailable'] });
    this.failure = failure;
    this.failureClass = isHeld ? 'CONFIGURATION' : 'LOCAL';
  }
}

export interface StartEvidence {
  readonly executablePath: string;
  readonly logPath: string;
  /** The end of what Chromium wrote to its stderr. */
  readonly logTail: string;
  /** What spawning it failed with (`ENOENT`, …). */
  readonly spawnErrorCode?: string | undefined;
  /** How it ended; undefined if it was still running. */
  readonly exit?: { readonly code: number | null; readonly signal: string | null } | undefined;
  readonly startTimeoutMs: number;
}

interface Diagnosis {
  readonly failure: BrowserStartFailure;
  readonly remedy: string;
}

/** Judges by what Chromium said and how it ended. */
export function browserStartError(evidence: StartEvidence): BrowserStartError {
  const { failure, remedy } = diagnose(evidence);
  const { executablePath, logPath, logTail } = evidence;
  const lastLines = logTail
    .split('\n')
    .map((line) => line.trimEnd().slice(0, 500))
    .filter((line) => line !== '' && !isNoise(line))
    .slice(-8);
  const said = lastLines.length === 0 ? ' It wrote nothing.' : ` Its last words (${logPath}):\n${lastLines.join('\n')}`;
  return new BrowserStartError(failure, `Chromium (${executablePath}) ${whatHappened(evidence)}.${said}`, { remedy });
}

/** Said on every machine without a desktop, dozens of times, and by Debian's start script. */
function isNoise(line: string): boolean {
  return line.includes(':ERROR:dbus/') || line.includes('unexpected operator');
}

function whatHappened({ spawnErrorCode, exit, startTimeoutMs }: StartEvidence): string {
  if (spawnErrorCode !== undefined) return `could not be started: ${spawnErrorCode}`;
  if (exit === undefined) return `did not answer within ${startTimeoutMs} ms`;
  if (exit.signal !== null) return `was ended by ${exit.signal} while it started`;
  return `left with exit code ${exit.code ?? 'unknown'} while it started`;
}

function diagnose(evidence: StartEvidence): Diagnosis {
  const { logTail, spawnErrorCode, exit } = evidence;
  const library = /error while loading shared libraries: ([^:\s]+)/.exec(logTail)?.[1];
  if (spawnErrorCode === 'ENOENT' || (/: not found$/m.test(logTail) && exit?.code === 127 && library === undefined)) {
    return {
      failure: 'executable-missing',
      remedy: 'Install Chromium, or set PUPPETEER_EXECUTABLE_PATH to where it is.',
    };
  }
  if (spawnErrorCode === 'EACCES' || spawnErrorCode === 'ENOEXEC' || logTail.includes('Exec format error')) {
    return {
      failure: 'executable-unusable',
      remedy: 'Set PUPPETEER_EXECUTABLE_PATH to a Chromium that this user may run and that is built for this machine.',
    };
  }
  if (spawnErrorCode === 'EAGAIN' || spawnErrorCode === 'ENOMEM') {
    return {
      failure: 'out-of-memory',
      remedy: 'Free memory, or raise the limit of memory or processes for this user.',
    };
  }
  if (library !== undefined) {
    return {
      failure: 'library-missing',
      remedy: `Install the package that has ${library}; on Debian "apt-get install chromium" brings all that Chromium needs.`,
    };
  }
  if (
    /no-sandbox is not supported|No usable sandbox|Failed to move to new namespace|sandbox_host_linux|SUID sandbox/.test(
      logTail,
    )
  ) {
    return {
      failure: 'sandbox-unusable',
      remedy:
        'Run wasup as a normal user and allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0); where that is not possible, add --no-sandbox to WASUP_BROWSER_ARGS.',
    };
  }
  if (/No space left on device|Disk quota exceeded|ENOSPC/.test(logTail)) {
    return {
      failure: 'disk-full',
      remedy: 'Free space on the disk of the sessions directory, and in /tmp and /dev/shm.',
    };
  }
  if (/Permission denied|Read-only file system/.test(logTail)) {
    return {
      failure: 'not-permitted',
      remedy: 'Give the user who runs wasup the sessions directory, with everything in it.',
    };
  }
  if (exit?.code === 21 || /profile appears to be in use|Opening in existing browser session/.test(logTail)) {
    return {
      failure: 'profile-in-use',
      remedy:
        'Stop the other Chromium on this profile. If there is none on any machine that shares it, remove its Singleton* files.',
    };
  }
  if (exit?.signal === 'SIGKILL') {
    return {
      failure: 'out-of-memory',
      remedy: 'Look into the kernel log for an out-of-memory kill; Chromium needs about 300 MB.',
    };
  }
  if (exit === undefined) {
    return {
      failure: 'timeout',
      remedy: 'Look for what slows this machine down, or give the browser more time (WASUP_BROWSER_START_TIMEOUT_MS).',
    };
  }
  return {
    failure: 'unknown',
    remedy: 'Start the browser by hand with --headless=new --dump-dom about:blank to see what it lacks.',
  };
}
