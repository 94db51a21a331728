import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Whether this machine lets a test mount a disk of its own. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryToMount();

const ballast = 'ballast';
const run = promisify(execFile);

/** A disk in memory that a test can fill up. */
export class SmallDisk {
  readonly folder: string;
  #isCovered = false;

  /**
   * @param megabytes its size.
   * @param files how many files it takes at most.
   */
  constructor(folder: string, megabytes: number, files = 0) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const options = `size=${megabytes}m,nr_inodes=${files},mode=0700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  }

  /** Until no block is left: what is there already can be read and touched, and nothing new written. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const path = join(this.folder, ballast);
    try {
      writeFileSync(path, Buffer.alloc(bavail * bsize));
      for (let count = 0; ; count += 1) writeFileSync(join(this.folder, `${ballast}-${count}`), Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Until no file can be made: what is there already can be written. */
  fillWithFiles(): void {
    try {
      for (let count = 0; ; count += 1) writeFileSync(join(this.folder, `${ballast}-${count}`), '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** The same, by another process: what this one plays, an emulated WhatsApp for one, goes on meanwhile. */
  async fillBeside(): Promise<void> {
    const { bavail, bsize } = statfsSync(this.folder);
    await run('fallocate', ['--length', String(bavail * bsize), join(this.folder, ballast)]).catch(() => undefined);
    // What others have freed or taken meanwhile. `dd` ends with an error when there is nothing left.
    await run('dd', ['if=/dev/zero', `of=${join(this.folder, `${ballast}-rest`)}`, 'bs=4096']).catch(() => undefined);
  }

  /** A disk with files that are open for writing can't become read-only: a read-only view of it is put over it. */
  coverReadOnly(): void {
    execFileSync('mount', ['--bind', this.folder, this.folder]);
    execFileSync('mount', ['-o', 'remount,bind,ro', this.folder]);
    this.#isCovered = true;
  }

  /** There is space, and it can be written to. */
  relent(): void {
    if (this.#isCovered) this.unmount();
    this.#isCovered = false;
    for (const name of readdirSync(this.folder)) {
      if (name.startsWith(ballast)) rmSync(join(this.folder, name));
    }
  }

  unmount(): void {
    // Lazily: a process that is just going may have a file open.
    execFileSync('umount', ['--lazy', this.folder]);
  }
}

function tryToMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'wasup-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
