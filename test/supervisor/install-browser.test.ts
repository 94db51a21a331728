import { describe, expect, test } from 'vitest';
import { WasupError } from '../../shared/errors.js';
import { type InstallStep, chooseInstallStep } from '../../supervisor/browser/choose-install-step.js';
import { ensureBrowser } from '../../supervisor/browser/install-browser.js';
import { type MachineDescription } from '../../supervisor/browser/machine-description.js';
import { type RunCommand, runCommand } from '../../supervisor/browser/run-command.js';
import { fakeFiles, linux } from '../support/fake-machine.js';

const cached = '/home/ada/.cache/puppeteer/chrome/linux-146.0.7680.31/chrome-linux64/chrome';
const debianRoot: MachineDescription = { ...linux, isRoot: true };

interface Outcome {
  readonly result: unknown;
  readonly commands: readonly string[];
  readonly lines: readonly string[];
}

/** Runs ensureBrowser on an imagined machine. `answers` tells of each command why it fails, or what it installs. */
async function ensure(
  machine: MachineDescription,
  executables: readonly string[],
  answers: Readonly<Record<string, { installs?: string; fails?: string }>> = {},
  configuredPath?: string,
): Promise<Outcome> {
  const present = Object.fromEntries(executables.map((path) => [path, '']));
  const commands: string[] = [];
  const lines: string[] = [];
  const run: RunCommand = (command, words) => {
    const line = [command, ...words].join(' ');
    commands.push(line);
    const answer = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1];
    if (answer?.installs !== undefined) present[answer.installs] = '';
    return Promise.resolve(answer?.fails);
  };
  const files: ReturnType<typeof fakeFiles> = {
    isExecutable: (path) => fakeFiles(present).isExecutable(path),
    listFolder: (path) => fakeFiles(present).listFolder(path),
    readHead: (path) => fakeFiles(present).readHead(path),
  };
  const report = (line: string): void => void lines.push(line);
  const result: unknown = await ensureBrowser({ configuredPath, report, machine, files, run }).catch(
    (thrown: unknown) => thrown,
  );
  return { result, commands, lines };
}

describe('a machine with a browser', () => {
  test('is left alone, without a word and without starting anything', async () => {
    expect(await ensure(debianRoot, ['/usr/bin/chromium'])).toEqual({
      result: '/usr/bin/chromium',
      commands: [],
      lines: [],
    });
  });

  test('whose configured path is wrong gets an error and no other browser', async () => {
    const { result, commands } = await ensure(debianRoot, ['/usr/bin/chromium'], {}, '/opt/mine');
    expect(result).toBeInstanceOf(WasupError);
    expect(commands).toEqual([]);
  });

  test('in puppeteer’s cache has it checked by starting it once', async () => {
    const { result, commands } = await ensure(linux, [cached]);
    expect(result).toBe(cached);
    expect(commands).toEqual([`${cached} --version`]);
  });
});

describe('a machine without a browser', () => {
  test('gets puppeteer’s', async () => {
    const { result, commands, lines } = await ensure(debianRoot, [], { 'puppeteer ': { installs: cached } });
    expect(result).toBe(cached);
    expect(commands).toEqual(['puppeteer browsers install chrome', `${cached} --version`]);
    expect(lines).toEqual([expect.stringContaining('Downloading Chrome')]);
  });

  test('gets the system’s when the download fails, and is told why', async () => {
    const { result, commands, lines } = await ensure(debianRoot, [], {
      'puppeteer ': { fails: 'getaddrinfo ENOTFOUND' },
      'apt-get -y': {},
      'apt-get install': { installs: '/usr/bin/chromium' },
    });
    expect(result).toBe('/usr/bin/chromium');
    expect(commands.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'puppeteer browsers',
      'apt-get update',
      'apt-get install',
    ]);
    expect(lines).toContain('The download did not work: getaddrinfo ENOTFOUND');
    expect(lines.at(-1)).toContain('apt-get update && apt-get install -y chromium');
  });

  test('gets the system’s when the downloaded one lacks libraries', async () => {
    const { result, lines } = await ensure(debianRoot, [], {
      'puppeteer ': { installs: cached },
      [cached]: { fails: 'error while loading shared libraries: libnss3.so' },
      'apt-get install': { installs: '/usr/bin/chromium' },
    });
    expect(result).toBe('/usr/bin/chromium');
    expect(lines).toContain(`${cached} does not run: error while loading shared libraries: libnss3.so`);
  });

  test('where nothing works gets one error with its own remedy, after one try of each step', async () => {
    const fails = { fails: 'no' };
    const { result, commands } = await ensure(debianRoot, [], { puppeteer: fails, 'apt-get': fails });
    expect(commands).toHaveLength(3);
    expect(result).toBeInstanceOf(WasupError);
    expect(result).toMatchObject({
      exitCode: 78,
      remedy:
        'Run: apt-get update && apt-get install -y chromium, ' +
        'or set PUPPETEER_EXECUTABLE_PATH to a Chromium or Chrome that you have.',
    });
  });
});

describe('the choice of the next step', () => {
  const step = (machine: Partial<MachineDescription>, ...failed: InstallStep[]): string => {
    const choice = chooseInstallStep({ ...linux, ...machine }, new Set(failed));
    return typeof choice === 'string' ? choice : choice.remedy;
  };

  test.each<[string, Partial<MachineDescription>, InstallStep[], string]>([
    ['anybody: download', {}, [], 'download'],
    ['root on Debian after a failed download: apt', { isRoot: true }, ['download'], 'apt'],
    [
      'root on Ubuntu after a failed download: nothing, its package is a snap',
      { isRoot: true, distribution: ['ubuntu', 'debian'] },
      ['download'],
      '.deb && apt-get install -y /tmp/google-chrome-stable_current_amd64.deb',
    ],
    ['another user never gets apt', {}, ['download'], 'Run: sudo apt-get update && sudo apt-get install -y chromium'],
    ['Linux on ARM has no download', { architecture: 'arm64', isRoot: true }, [], 'apt'],
    [
      'a switched-off download is not tried',
      { environment: { PUPPETEER_SKIP_DOWNLOAD: 'true' }, isRoot: true },
      [],
      'apt',
    ],
    ['Fedora', { distribution: ['fedora'], isRoot: true }, ['download'], 'Run: dnf install -y chromium'],
    [
      'Ubuntu',
      { distribution: ['ubuntu', 'debian'] },
      ['download'],
      '.deb && sudo apt-get install -y /tmp/google-chrome-stable_current_amd64.deb',
    ],
    [
      'Ubuntu on ARM, where there is neither a download nor a package',
      { architecture: 'arm64', isRoot: true, distribution: ['ubuntu', 'debian'] },
      [],
      "Install a Chromium that isn't a snap",
    ],
    ['macOS', { platform: 'darwin', distribution: [] }, ['download'], 'Run: brew install --cask google-chrome'],
    ['Windows', { platform: 'win32', distribution: [] }, ['download'], 'Install Google Chrome from'],
    ['an unknown system', { distribution: ['plan9'] }, ['download'], 'with the package manager of this system'],
  ])('%s', (_, machine, failed, expected) => {
    expect(step(machine, ...failed)).toContain(expected);
  });
});

describe('a command', () => {
  const node = (script: string, deadlineMs = 20_000): Promise<string | undefined> =>
    runCommand(process.execPath, ['-e', script], { deadlineMs });

  test('that works has nothing to explain', async () => {
    expect(await node('console.log("done")')).toBeUndefined();
  });

  test('that fails is explained by the line that names the error, not by its stack', async () => {
    const output =
      'Progress 3%\\nError: All providers failed:\\n  - DefaultProvider: getaddrinfo ENOTFOUND\\n    at x (y:1)';
    expect(await node(`console.error('${output}'); process.exit(1)`)).toBe(
      'Error: All providers failed: - DefaultProvider: getaddrinfo ENOTFOUND',
    );
  });

  test('that does not exist is explained', async () => {
    expect(await runCommand('wasup-no-such-command', [], { deadlineMs: 5000 })).toContain('ENOENT');
  });

  test('that can’t even be tried is explained', async () => {
    expect(await runCommand(process.execPath, ['x'.repeat(3_000_000)], { deadlineMs: 5000 })).toContain('E2BIG');
    expect(await runCommand(process.execPath, ['a\0b'], { deadlineMs: 5000 })).toContain('null bytes');
  });

  test('that never ends is ended at its deadline', async () => {
    expect(await node('setInterval(() => {}, 1000)', 1000)).toBe('not done after 1 s');
  });
});
