import { describe, expect, it } from 'vitest';
import { launchArguments, userAgentOf } from '../../supervisor/browser/launch-arguments.js';
import { readLaunchSurroundings } from '../../supervisor/browser/launch-surroundings.js';
import { chromiumPath } from '../support/real-browser.js';

const base = { profileDirectory: '/data/profile', extraArguments: [], asRoot: false };

describe('the launch arguments', () => {
  it('put the debugging connection on the pipe, and nothing on a port', () => {
    const result = launchArguments(base);
    expect(result).toContain('--remote-debugging-pipe');
    expect(result).toContain('--user-data-dir=/data/profile');
    expect(result.filter((argument) => argument.includes('debugging-port'))).toEqual([]);
  });

  it('keep the sandbox, except for root', () => {
    expect(launchArguments(base)).not.toContain('--no-sandbox');
    expect(launchArguments({ ...base, asRoot: true })).toContain('--no-sandbox');
  });

  it('use /dev/shm, except where it is small', () => {
    expect(launchArguments(base)).not.toContain('--disable-dev-shm-usage');
    expect(launchArguments({ ...base, smallSharedMemory: true })).toContain('--disable-dev-shm-usage');
  });

  it('bound what Chromium keeps on the disk for speed', () => {
    const result = launchArguments(base);
    expect(values(result, '--disk-cache-size')).toEqual(['100000000']);
    expect(result).toContain('--disable-gpu-shader-disk-cache');
  });

  it('end with the first page, after all switches', () => {
    expect(launchArguments({ ...base, extraArguments: ['--lang=de'] }).at(-1)).toBe('about:blank');
  });

  it('name every switch once', () => {
    const extraArguments = ['--disable-features=A', '--disable-features=B', '--mute-audio', '--lang=de'];
    const names = launchArguments({ ...base, extraArguments, asRoot: true, userAgent: 'x' }).map(
      (argument) => argument.split('=')[0],
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a user's arguments", () => {
  it('win over ours', () => {
    const result = launchArguments({
      ...base,
      userAgent: 'ours',
      extraArguments: ['--user-agent=theirs', '--headless=old'],
    });
    expect(values(result, '--user-agent')).toEqual(['theirs']);
    expect(values(result, '--headless')).toEqual(['old']);
  });

  it('are merged with ours where they are lists', () => {
    const result = launchArguments({
      ...base,
      extraArguments: ['--disable-features=Mine,Translate', '--enable-features=One', '--enable-features=Two'],
    });
    const [disabled = ''] = values(result, '--disable-features');
    expect(disabled.split(',')).toContain('Mine');
    expect(disabled.split(',')).toContain('WebUIOmniboxPopup');
    expect(disabled.split(',').filter((feature) => feature === 'Translate')).toHaveLength(1);
    expect(values(result, '--enable-features')).toEqual(['NetworkServiceInProcess2,One,Two']);
  });

  it('enable a feature that we disable', () => {
    const result = launchArguments({ ...base, extraArguments: ['--enable-features=Translate'] });
    expect(values(result, '--disable-features')[0]?.split(',')).not.toContain('Translate');
    expect(values(result, '--enable-features')).toEqual(['NetworkServiceInProcess2,Translate']);
  });

  it('disable a feature that we enable', () => {
    const result = launchArguments({ ...base, extraArguments: ['--disable-features=NetworkServiceInProcess2'] });
    expect(values(result, '--enable-features')).toEqual([]);
    expect(values(result, '--disable-features')[0]?.split(',')).toContain('NetworkServiceInProcess2');
  });
});

describe('the user agent', () => {
  it('is that of a normal browser of the same major version', () => {
    expect(userAgentOf('156.0.8078.79', 'linux')).toBe(
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    );
    expect(userAgentOf('156.0.8078.79', 'darwin')).toContain('(Macintosh; Intel Mac OS X 10_15_7)');
  });
});

describe('the surroundings', () => {
  it('tell the version of the browser, without starting it on a profile', async () => {
    const { userAgent, asRoot } = await readLaunchSurroundings(chromiumPath(), process.env);
    expect(userAgent).toMatch(/ Chrome\/\d+\.0\.0\.0 Safari/);
    expect(asRoot).toBe(process.getuid?.() === 0);
  });

  it('leave open what a browser that cannot run does not tell', async () => {
    expect((await readLaunchSurroundings('/nowhere/chromium', process.env)).userAgent).toBeUndefined();
  });
});

function values(result: readonly string[], name: string): string[] {
  return result
    .filter((argument) => argument.startsWith(`${name}=`))
    .map((argument) => argument.slice(name.length + 1));
}
