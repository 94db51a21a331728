import { describe, expect, it } from 'vitest';
import { WasupError } from '../../shared/errors.js';
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

  it('end with the first page, after all switches', () => {
    expect(launchArguments({ ...base, extraArguments: ['--lang=de'] }).at(-1)).toBe('about:blank');
    expect(launchArguments({ ...base, startPage: 'https://web.whatsapp.com/' }).at(-1)).toBe(
      'https://web.whatsapp.com/',
    );
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

  it('win with a single dash as well, which Chromium takes for two', () => {
    const result = launchArguments({ ...base, userAgent: 'ours', extraArguments: ['-user-agent=theirs'] });
    expect(values(result, '--user-agent')).toEqual(['theirs']);
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
    expect(values(result, '--enable-features')).toEqual(['One,Two']);
  });

  it('enable a feature that we disable', () => {
    const result = launchArguments({ ...base, extraArguments: ['--enable-features=Translate'] });
    expect(values(result, '--disable-features')[0]?.split(',')).not.toContain('Translate');
    expect(values(result, '--enable-features')).toEqual(['Translate']);
  });

  it.each([
    '--remote-debugging-port=9222',
    '--remote-debugging-port',
    '-remote-debugging-port=0',
    '--Remote-Debugging-Port=9222',
    '--remote-debugging-address=0.0.0.0',
    '--remote-debugging-pipe',
    '--remote-debugging-socket-name=x',
    '--user-data-dir=/elsewhere',
    '-user-data-dir=/elsewhere',
    '--',
    '-',
    '',
    'https://example.org',
    ' --remote-debugging-port=9222',
  ])('may not be %j', (argument) => {
    const attempt = (): unknown => launchArguments({ ...base, extraArguments: ['--lang=de', argument] });
    expect(attempt).toThrow(WasupError);
    expect(attempt).toThrow(expect.objectContaining({ exitCode: 78 }) as Error);
  });

  it('that are refused are told why, and what to do', () => {
    expect(() => launchArguments({ ...base, extraArguments: ['--remote-debugging-port=1'] })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('could take the WhatsApp session over') as string,
        remedy: 'Leave it out.',
      }) as Error,
    );
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
