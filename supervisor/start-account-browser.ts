import type { Configuration } from '../shared/configuration/compile-configuration.js';
import type { SessionPaths } from '../shared/paths.js';
import { type BrowserProcess, startBrowser, type StartBrowserOptions } from './browser/browser-process.js';
import { launchArguments } from './browser/launch-arguments.js';
import type { LaunchSurroundings } from './browser/launch-surroundings.js';
import { environmentForBrowsers } from './environment-for-children.js';

export interface AccountBrowserOptions {
  readonly configuration: Configuration;
  readonly executablePath: string;
  readonly surroundings: LaunchSurroundings;
}

/**
 * Starts Chromium on an account's profile.
 *
 * @throws BrowserStartError, WasupError as `startBrowser` does.
 */
export function startAccountBrowser(
  { configuration, executablePath, surroundings }: AccountBrowserOptions,
  paths: SessionPaths,
  handlers: Pick<StartBrowserOptions, 'onClientCut' | 'onNews' | 'onSpawned' | 'signal'>,
): Promise<BrowserProcess> {
  return startBrowser({
    executablePath,
    arguments: launchArguments({
      profileDirectory: paths.profile,
      extraArguments: configuration.browser.arguments,
      ...surroundings,
    }),
    logPath: paths.browserLog,
    startTimeoutMs: configuration.browserStartTimeoutMs,
    environment: environmentForBrowsers(process.env),
    ...handlers,
  });
}
