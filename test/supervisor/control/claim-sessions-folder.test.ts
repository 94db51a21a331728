import { existsSync, linkSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Logger } from '../../../shared/logger.js';
import { askSupervisor } from '../../../supervisor/control/ask-supervisor.js';
import { type ClaimedFolder, claimSessionsFolder } from '../../../supervisor/control/claim-sessions-folder.js';
import { knock } from '../../../supervisor/control/knock.js';
import { controlSocketPath, openSocketFolder } from '../../../supervisor/control/socket-address.js';
import { until } from '../../support/until.js';
import { ClaimingProcess } from './claiming-process.js';

let folder: string;
let path: string;
let warnings: string[];
const claimedFolders: ClaimedFolder[] = [];
const processes: ClaimingProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-claim-'));
  path = controlSocketPath(folder);
  warnings = [];
});
afterEach(async () => {
  for (const claimed of claimedFolders.splice(0)) await claimed.close();
  for (const claiming of processes.splice(0)) await claiming.kill();
  await rm(folder, { recursive: true, force: true });
});

async function claim(directory = folder): Promise<ClaimedFolder> {
  const log = { warn: (line: string) => warnings.push(line) } as unknown as Logger;
  const claimed = await claimSessionsFolder(directory, log);
  claimedFolders.push(claimed);
  return claimed;
}

async function startProcess(): Promise<ClaimingProcess> {
  const started = await ClaimingProcess.start();
  processes.push(started);
  return started;
}

const accept: Parameters<ClaimedFolder['serve']>[0] = (_request, response) => void response.end('{"well":true}');

describe('a folder that nobody holds', () => {
  it('is claimed by a socket that its owner alone can connect to, and a file that says who that is', async () => {
    await claim();
    expect(lstatSync(path)).toMatchObject({ mode: 0o140600 });
    const file = join(folder, '.supervisor.json');
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder).toSorted()).toEqual(['.supervisor.json', '.wasup.sock']);
    expect(warnings).toEqual([]);
  });

  it('is made if it is missing, for its owner alone', async () => {
    const missing = join(folder, 'a', 'b');
    await claim(missing);
    expect(lstatSync(missing).mode & 0o777).toBe(0o700);
  });

  it('has nothing left in it when it is given back, and can be claimed again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const claimed = await claim();
      await Promise.all([claimed.close(), claimed.close()]);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('says that wasup is starting until there is something to serve; whoever asks waits', async () => {
    const claimed = await claim();
    const answer = askSupervisor(folder, '/', {});
    await expect(askSupervisor(folder, '/', {}, 300)).rejects.toMatchObject({ exitCode: 69 });
    claimed.serve(accept);
    expect(await answer).toEqual({ status: 200, body: { well: true } });
  });

  it('has nobody to ask when it is given back', async () => {
    const claimed = await claim();
    await claimed.close();
    await expect(askSupervisor(folder, '/', {})).rejects.toMatchObject({
      message: expect.stringContaining('No supervisor runs') as string,
      exitCode: 69,
    });
  });
});

describe('a folder that a process holds', () => {
  it('is refused, and the refusal says who holds it and what to do', async () => {
    const holder = await startProcess();
    expect(await holder.claim(folder)).toBe('claimed');
    const { ino } = lstatSync(path);
    await expect(claim()).rejects.toMatchObject({
      exitCode: 73,
      message: `Another supervisor (pid ${holder.pid}) holds ${folder}.`,
      remedy: `Stop that one (kill ${holder.pid}), or give this one another folder: WASUP_SESSIONS_DIR.`,
    });
    expect(lstatSync(path).ino).toBe(ino);
    expect(readdirSync(folder).toSorted()).toEqual(['.supervisor.json', '.wasup.sock']);
  });

  it('is refused while that process is stopped, however many have knocked', async () => {
    const holder = await startProcess();
    await holder.claim(folder);
    holder.signal('SIGSTOP');
    // Its queue of who waits to be let in runs full.
    const answers = await Promise.all(Array.from({ length: 600 }, () => knock(path)));
    expect(new Set(answers)).toEqual(new Set(['living']));
    await expect(claim()).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringContaining(`pid ${holder.pid}`) as string,
    });
    holder.signal('SIGCONT');
    await expect(claim()).rejects.toMatchObject({ exitCode: 73 });
  });

  it.each([
    ['is lost', (file: string) => rm(file)],
    ['is damaged', (file: string) => writeFile(file, '{')],
    ['tells of a process that has gone', (file: string) => tellOfTheDead(file)],
  ])('is asked who it is when its file %s', async (_name, spoil) => {
    const holder = await startProcess();
    await holder.claim(folder);
    await spoil(join(folder, '.supervisor.json'));
    await expect(claim()).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringContaining(`pid ${holder.pid}`) as string,
    });
  });

  it('is refused also when nothing tells who it is', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    await expect(claim()).rejects.toMatchObject({
      exitCode: 73,
      remedy: expect.stringContaining('Stop that one') as string,
    });
    silent.close();
  });

  it('is free when that process was killed', async () => {
    const holder = await startProcess();
    await holder.claim(folder);
    await holder.kill();
    expect(lstatSync(path).isSocket()).toBe(true);
    await expect(askSupervisor(folder, '/', {})).rejects.toMatchObject({ exitCode: 69 });
    const claimed = await claim();
    claimed.serve(accept);
    expect(await askSupervisor(folder, '/', {})).toMatchObject({ status: 200 });
    expect(readdirSync(folder).toSorted()).toEqual(['.supervisor.json', '.wasup.sock']);
    expect(warnings).toEqual([]);
  });
});

describe('several that start at the same moment', () => {
  it('on what a killed one has left: one wins, the others say who, and its socket leads to it', async () => {
    const rounds = 60;
    const folders = Array.from({ length: rounds }, (_, round) => join(folder, String(round)));
    const killed = await startProcess();
    for (const directory of folders) {
      expect(await killed.claim(directory)).toBe('claimed');
      // As if it had been killed in the middle of its start.
      linkSync(controlSocketPath(directory), join(directory, `.wasup.sock.${killed.pid}.00000000.starting`));
    }
    await killed.kill();
    const rivals = await Promise.all(Array.from({ length: 4 }, startProcess));
    for (const directory of folders) {
      const answers = await Promise.all(rivals.map((rival) => rival.claim(directory)));
      const winners = rivals.filter((_rival, index) => answers[index] === 'claimed');
      expect(winners, answers.join('\n')).toHaveLength(1);
      for (const answer of answers.filter((text) => text !== 'claimed')) {
        expect(answer).toMatch(new RegExp(`^refused 73 Another supervisor \\(pid ${winners[0]?.pid}\\)`));
      }
      expect(await knock(controlSocketPath(directory))).toBe('living');
      expect(readdirSync(directory).toSorted()).toEqual(['.supervisor.json', '.wasup.sock']);
    }
  });

  it('wait for one that is being killed in the middle of it, and not for ever for one that is stopped there', async () => {
    const rival = await startProcess();
    await rival.claim(join(folder, 'other'));
    // It shows that it wants in, and goes no further.
    rival.signal('SIGSTOP');
    const directory = join(folder, 'wanted');
    await mkdir(directory);
    linkSync(controlSocketPath(join(folder, 'other')), join(directory, `.wasup.sock.${rival.pid}.00000000.starting`));
    await expect(claim(directory)).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringContaining(`pid ${rival.pid}`) as string,
    });
    const claiming = claim(directory);
    await until(() => (readdirSync(directory).length > 1 ? true : undefined), {
      expectation: () => 'the other to wait',
    });
    await rival.kill();
    expect((await claiming).hasSocket).toBe(true);
  });
});

describe('a folder where there can’t be a socket', () => {
  it('is refused when something else is in its place, which is left alone', async () => {
    await writeFile(path, 'mine');
    await expect(claim()).rejects.toMatchObject({ exitCode: 78, message: expect.stringContaining(path) as string });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it.runIf(process.platform === 'linux')('doesn’t exist for long paths on Linux', async () => {
    const deep = join(folder, 'd'.repeat(100), 'e'.repeat(100));
    const claimed = await claim(deep);
    claimed.serve(accept);
    expect(await askSupervisor(deep, '/', {})).toMatchObject({ status: 200 });
    const other = await startProcess();
    expect(await other.claim(deep)).toContain(`refused 73 Another supervisor (pid ${process.pid})`);
    await claimed.close();
    expect(readdirSync(deep)).toEqual([]);
    expect(await other.claim(deep)).toBe('claimed');
    await other.kill();
    expect((await claim(deep)).hasSocket).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('is one whose path is too long, elsewhere', () => {
    const deep = join(folder, 'd'.repeat(100));
    expect(() => openSocketFolder(deep, '.wasup.sock', 'darwin')).toThrow(/\d+ bytes, and 107 is the most/);
  });

  it('is left to whoever checks that it can be written', async () => {
    await writeFile(join(folder, 'file'), '');
    expect((await claim(join(folder, 'file', 'sessions'))).hasSocket).toBe(false);
    expect(warnings).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });
});

/** Its number lives (it is ours), but the process that had it then began at another time. */
async function tellOfTheDead(file: string): Promise<void> {
  const holder = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...holder, pid: process.pid, startTime: 1 }));
}
