/** What Chromium's network errors say of the configuration. All others are weather: they may be gone at the next try. */
const proxyAction =
  "Mend --proxy-server in WASUP_BROWSER_ARGS, then: npx wasup restart <number>. Chromium takes scheme://host:port there, without a user's name and password.";
const proxyLoginAction =
  "The proxy wants a name and a password that it hasn't got. Use one that lets this machine's address in, or have the bot give them " +
  '(client.pupPage.authenticate), then: npx wasup restart <number>.';
const policyAction = "Look at the browser's policies and arguments, then: npx wasup restart <number>.";

const mistakes: Readonly<Record<string, string>> = {
  ERR_NO_SUPPORTED_PROXIES: proxyAction,
  ERR_PROXY_AUTH_UNSUPPORTED: proxyLoginAction,
  ERR_PROXY_AUTH_REQUESTED: proxyLoginAction,
  ERR_UNEXPECTED_PROXY_AUTH: proxyLoginAction,
  ERR_INVALID_AUTH_CREDENTIALS: proxyLoginAction,
  ERR_BLOCKED_BY_ADMINISTRATOR: policyAction,
  ERR_BLOCKED_BY_CLIENT: policyAction,
};

/**
 * Whether a page could not be loaded because of a mistake that comes back at each start, by Chromium's error code (`net::ERR_…`). Pure.
 *
 * @returns what a person has to do; undefined where another try may help.
 */
export function configurationMistake(message: string): string | undefined {
  const [, code = ''] = /\bnet::(ERR_[A-Z0-9_]+)/.exec(message) ?? [];
  return Object.hasOwn(mistakes, code) ? mistakes[code] : undefined;
}
