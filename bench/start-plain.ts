import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Sandbox } from '../sandbox/index.js';
import { MeasuredProcess, withoutOurs } from './measured-process.js';

export interface PlainOptions {
  /** Has a folder `working-directory`, and gets one for the login. */
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly executablePath: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the plain library (`plain-library.js`). One that is killed leaves its browser behind. */
export function startPlain({ folder, sandbox, executablePath, environment = {} }: PlainOptions): MeasuredProcess {
  const options = {
    dataPath: join(folder, 'plain'),
    executablePath,
    // What wasup adds by itself where it is needed.
    browserArguments: [...sandbox.browserArguments, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  };
  const program = fileURLToPath(new URL('plain-library.js', import.meta.url));
  return new MeasuredProcess([program, JSON.stringify(options)], {
    environment: { ...withoutOurs(), ...environment },
    workingDirectory: join(folder, 'working-directory'),
  });
}
