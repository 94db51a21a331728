import { describe, expect, test } from 'vitest';
import { WasupError } from '../../shared/errors.js';
import { type FoundBrowser, findBrowsers } from '../../supervisor/browser/find-browser.js';
import { type MachineDescription, parseDistribution } from '../../supervisor/browser/machine-description.js';
import { fakeFiles, linux } from '../support/fake-machine.js';

async function find(
  executables: readonly string[] | Readonly<Record<string, string>>,
  machine: MachineDescription = linux,
  configuredPath?: string,
): Promise<FoundBrowser[]> {
  const found: FoundBrowser[] = [];
  for await (const browser of findBrowsers(configuredPath, machine, fakeFiles(executables))) found.push(browser);
  return found;
}

const paths = (found: readonly FoundBrowser[]): string[] => found.map(({ path }) => path);

test('a configured browser is the only one', async () => {
  expect(await find(['/opt/mine', '/usr/bin/chromium'], linux, '/opt/mine')).toEqual([
    { path: '/opt/mine', source: 'configured' },
  ]);
});

test('a configured browser that is not there is an error, although others are', async () => {
  const error: unknown = await find(['/usr/bin/chromium'], linux, '/opt/mine').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WasupError);
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining('/opt/mine') as string });
});

describe('on Linux', () => {
  test('Chromium comes before Chrome, wherever on PATH they are', async () => {
    expect(paths(await find(['/usr/local/bin/google-chrome', '/usr/bin/chromium']))).toEqual([
      '/usr/bin/chromium',
      '/usr/local/bin/google-chrome',
    ]);
  });

  test('known places are looked at when PATH is empty', async () => {
    const machine = { ...linux, environment: {} };
    expect(paths(await find(['/opt/google/chrome/chrome'], machine))).toEqual(['/opt/google/chrome/chrome']);
  });

  describe('Debian’s headless shell', () => {
    const shell = '/usr/lib/chromium/chromium-headless-shell';

    test('comes before the Chromium of its own package, and without its script', async () => {
      expect(paths(await find(['/usr/bin/chromium', '/usr/bin/chromium-headless-shell', shell]))).toEqual([
        shell,
        '/usr/bin/chromium',
      ]);
    });

    test('does where there is no other browser', async () => {
      expect(paths(await find([shell]))).toEqual([shell]);
    });

    test('comes after a browser that may be newer, whose profiles it might not be able to read', async () => {
      expect(paths(await find(['/usr/bin/google-chrome', shell]))).toEqual(['/usr/bin/google-chrome', shell]);
      expect(paths(await find(['/usr/local/bin/chromium', shell]))).toEqual(['/usr/local/bin/chromium', shell]);
    });

    test('is not used by who has configured another one', async () => {
      expect(paths(await find(['/usr/bin/chromium', shell], linux, '/usr/bin/chromium'))).toEqual([
        '/usr/bin/chromium',
      ]);
    });
  });

  test('relative folders on PATH are passed over', async () => {
    const machine = { ...linux, environment: { PATH: '.::bin:/opt/bin' } };
    expect(paths(await find(['chromium', 'bin/chromium', '/opt/bin/chrome'], machine))).toEqual(['/opt/bin/chrome']);
  });

  test('a snap is the last choice, and the script that only advertises it is none', async () => {
    const stub = '#!/bin/sh\necho "requires the chromium snap: sudo snap install chromium"\n';
    const machine = { ...linux, environment: { PATH: '/snap/bin:/usr/bin' } };
    const executables = { '/snap/bin/chromium': '', '/usr/bin/chromium-browser': stub, '/usr/bin/google-chrome': '' };
    expect(paths(await find(executables, machine))).toEqual(['/usr/bin/google-chrome', '/snap/bin/chromium']);
  });
});

describe('puppeteer’s cache', () => {
  const cache = '/home/ada/.cache/puppeteer';

  test('comes after what is installed, newest build first, Chrome before its headless shell', async () => {
    const builds = [
      `${cache}/chrome/linux-99.0.4844.51/chrome-linux64/chrome`,
      `${cache}/chrome/linux-146.0.7680.31/chrome-linux64/chrome`,
      `${cache}/chrome/linux-146.0.7680.4/chrome-linux64/chrome`,
      `${cache}/chrome-headless-shell/linux-150.0.1.1/chrome-headless-shell-linux64/chrome-headless-shell`,
    ];
    const found = await find([...builds, '/usr/bin/chromium']);
    expect(found[0]).toEqual({ path: '/usr/bin/chromium', source: 'installed' });
    expect(found.slice(1)).toEqual([1, 2, 0, 3].map((index) => ({ path: builds[index], source: 'cached' })));
  });

  test('may be elsewhere', async () => {
    const path = '/cache/chrome/linux-146.0.7680.31/chrome-linux64/chrome';
    const machine = { ...linux, environment: { PUPPETEER_CACHE_DIR: '/cache' } };
    expect(paths(await find([path], machine))).toEqual([path]);
  });

  test('is where it usually is when the variable for it is empty', async () => {
    const path = `${cache}/chrome/linux-146.0.7680.31/chrome-linux64/chrome`;
    const machine = { ...linux, environment: { PUPPETEER_CACHE_DIR: '' } };
    expect(paths(await find([path], machine))).toEqual([path]);
  });

  test('of a shared home is searched for this platform’s builds alone', async () => {
    const mac = 'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing';
    const builds = [
      `${cache}/chrome/linux-146.0.7680.31/chrome-linux64/chrome`,
      `${cache}/chrome/mac_arm-146.0.7680.31/chrome-mac-arm64/${mac}`,
    ];
    expect(paths(await find(builds))).toEqual([builds[0]]);
    expect(paths(await find(builds, { ...linux, platform: 'darwin', architecture: 'arm64' }))).toEqual([builds[1]]);
  });
});

test('on macOS application bundles are found, the user’s own as well', async () => {
  const path = '/home/ada/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  expect(paths(await find([path], { ...linux, platform: 'darwin' }))).toEqual([path]);
});

test('on Windows program folders are looked at', async () => {
  const path = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
  const environment = { PROGRAMFILES: 'C:\\Program Files' };
  const machine: MachineDescription = { ...linux, platform: 'win32', homeDirectory: 'C:\\Users\\ada', environment };
  expect(paths(await find([path], machine))).toEqual([path]);
});

test('the distribution is read with its relatives', () => {
  expect(parseDistribution('NAME="Ubuntu"\nID=ubuntu\nID_LIKE="debian linux"\nVERSION_ID="24.04"\n')).toEqual([
    'ubuntu',
    'debian',
    'linux',
  ]);
  expect(parseDistribution('')).toEqual([]);
});
