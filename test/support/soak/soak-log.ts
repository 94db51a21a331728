import { appendFileSync, rmSync, writeFileSync } from 'node:fs';

import type { SupervisorProcess } from '../supervisor-process.js';

const longestLineKept = 500;

/** What has happened in a soak, and what the supervisors have said meanwhile, in one file that can be read while it runs. */
export class SoakLog {
  readonly path: string;
  readonly #supervisors: () => readonly SupervisorProcess[];
  readonly #linesRead = new Map<SupervisorProcess, number>();
  readonly #errorsRead = new Map<SupervisorProcess, number>();

  constructor(path: string, supervisors: () => readonly SupervisorProcess[]) {
    this.path = path;
    this.#supervisors = supervisors;
    writeFileSync(path, '');
  }

  tell(line: string): void {
    this.readOn();
    appendFileSync(this.path, `>>> ${line}\n`);
  }

  /** Adds what the supervisors have said since. */
  readOn(): void {
    const said: string[] = [];
    for (const supervisor of this.#supervisors()) {
      const { lines, errorOutput } = supervisor;
      said.push(...lines.slice(this.#linesRead.get(supervisor) ?? 0));
      this.#linesRead.set(supervisor, lines.length);
      const errors = errorOutput.slice(this.#errorsRead.get(supervisor) ?? 0);
      if (errors !== '') said.push(...errors.trimEnd().split('\n'));
      this.#errorsRead.set(supervisor, errorOutput.length);
    }
    if (said.length === 0) return;
    appendFileSync(this.path, said.map((line) => `${line.slice(0, longestLineKept)}\n`).join(''));
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
