import { describeHang, type HangPlaces, mendHang } from './describe-hang.js';

export interface SilentProcess extends HangPlaces {
  /** Of a worker that doesn't beat any more: what the kernel says, see `readProcessStat`; undefined when it doesn't. */
  readonly processState: string | undefined;
}

/** Why a worker is silent, and what a person is to do about it, as far as that can be told from outside. */
export function judgeSilence(silent: SilentProcess): { detail: string | undefined; userAction: string | undefined } {
  const isHanging = !['T', 't', 'D', 'Z', 'X'].includes(silent.processState ?? '');
  return { detail: describeSilence(silent), userAction: isHanging ? mendHang(silent) : undefined };
}

/** Why a worker is silent, as far as it can be told from outside, to be read after "…: "; undefined when it can't. Pure. */
export function describeSilence(silent: SilentProcess): string | undefined {
  switch (silent.processState) {
    case 'T':
      return 'the process is stopped (SIGSTOP)';
    case 't':
      return 'the process is held by a debugger';
    case 'D':
      return 'the process waits for a disk or a device';
    case 'Z':
    case 'X':
      return 'the process has ended';
    default:
      return describeHang(silent);
  }
}
