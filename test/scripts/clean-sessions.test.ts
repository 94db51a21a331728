import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-clean-'));
  await mkdir(join(folder, 'session-491701234567', 'profile'), { recursive: true });
  await mkdir(join(folder, '.sandbox', 'session-12025550100'), { recursive: true });
  await mkdir(join(folder, 'photos'));
  await Promise.all(['README.md', '.hidden', 'session-notes.txt'].map((name) => writeFile(join(folder, name), '')));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const everything = ['.hidden', '.sandbox', 'README.md', 'photos', 'session-491701234567', 'session-notes.txt'];
const left = (): Promise<string[]> => readdir(folder).then((names) => names.sort());

const clean = (...words: string[]): ReturnType<typeof cleanIn> =>
  cleanIn(resolve('.'), words, { WASUP_SESSIONS_DIR: folder });

async function cleanIn(
  workingDirectory: string,
  words: string[],
  env: Record<string, string> = {},
): Promise<{ exitCode: number | undefined; output: string }> {
  const script = resolve('scripts/clean-sessions.js');
  const { exitCode, all } = await execa(process.execPath, [script, ...words], {
    cwd: workingDirectory,
    env,
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  return { exitCode, output: all };
}

async function putStatus(session: string, status: Record<string, unknown>): Promise<void> {
  await writeFile(join(folder, session, 'device-status.json'), JSON.stringify(status));
}

test('with --yes deletes what wasup made and nothing else, and says what', async () => {
  await putStatus('session-491701234567', { deviceLinked: true, linkedAt: '2026-01-01T00:00:00.000Z' });
  const { exitCode, output } = await clean('--yes');
  expect(exitCode).toBe(0);
  expect(output).toContain('session-491701234567 (linked since 2026-01-01T00:00:00.000Z)');
  expect(await left()).toEqual(['.hidden', 'README.md', 'photos', 'session-notes.txt']);
  expect((await clean('--yes')).output).toContain('Nothing to clean');
});

test('cleans the folder that the configuration file names', async () => {
  await mkdir(join(folder, 'logins', 'session-12025550100'), { recursive: true });
  await writeFile(join(folder, 'wasup.config.json'), '{ "sessionsDirectory": "./logins" }');
  expect((await cleanIn(folder, ['--yes'])).exitCode).toBe(0);
  expect(await readdir(join(folder, 'logins'))).toEqual([]);
  expect(await left()).toContain('session-491701234567');
});

test('with a configuration that is wrong deletes nothing, says why, and exits 78', async () => {
  await writeFile(join(folder, 'wasup.config.json'), '{ "sessionsDirektory": "./logins" }');
  const { exitCode, output } = await cleanIn(folder, ['--yes'], { WASUP_SESSIONS_DIR: folder });
  expect(exitCode).toBe(78);
  expect(output).toContain('sessionsDirektory');
  expect(await left()).toEqual([...everything, 'wasup.config.json'].sort());
});

test('without --yes and without a terminal deletes nothing and exits 64', async () => {
  const { exitCode, output } = await clean();
  expect(exitCode).toBe(64);
  expect(output).toContain('npm run clean-sessions -- --yes');
  expect(await left()).toEqual(everything);
});

test('with words it does not know deletes nothing and exits 64', async () => {
  expect((await clean('--yes', '--force')).exitCode).toBe(64);
  expect(await left()).toEqual(everything);
});

test('refuses while a worker lives, also one of the sandbox', async () => {
  const script = join(folder, 'photos', 'worker.mjs');
  await writeFile(script, "process.stdin.resume(); console.log('ready')");
  const worker = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(worker.stdout, 'data');
    await putStatus('.sandbox/session-12025550100', { number: '12025550100', workerPid: worker.pid });
    const { exitCode, output } = await clean('--yes');
    expect(exitCode).toBe(73);
    expect(output).toContain(`worker ${String(worker.pid)} of account 12025550100 is alive`);
    expect(await left()).toEqual(everything);
  } finally {
    worker.kill('SIGKILL');
  }
});

test('a process number that belongs to another program by now is no reason to refuse', async () => {
  const other = spawn('sleep', ['60']);
  try {
    await once(other, 'spawn');
    await putStatus('session-491701234567', { number: '491701234567', workerPid: other.pid, browserPid: other.pid });
    expect((await clean('--yes')).exitCode).toBe(process.platform === 'linux' ? 0 : 73);
  } finally {
    other.kill('SIGKILL');
  }
});
