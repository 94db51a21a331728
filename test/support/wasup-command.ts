import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../node_modules/.bin/wasup', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
  readonly errorOutput: string;
}

/** `npx wasup <words>` of this checkout, without any configuration but the words. */
export async function runWasup(words: readonly string[], workingDirectory: string): Promise<CommandResult> {
  const subprocess = spawn(command, words, {
    cwd: workingDirectory,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errorOutput = '';
  subprocess.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  subprocess.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text));
  const [code] = (await once(subprocess, 'close')) as [number | null];
  return { code, output, errorOutput };
}
