export interface LaunchArgumentsOptions {
  /** Absolute path of Chromium's user data directory. */
  readonly profileDirectory: string;
  /**
   * The user's own switches (`WASUP_BROWSER_ARGS`), as the configuration lets them through. They win over ours, and lists of features
   * are merged.
   */
  readonly extraArguments: readonly string[];
  /** The supervisor runs as root: Chromium's sandbox can't work then. The caller says so to the user. */
  readonly asRoot: boolean;
  /** Shared memory is scarce, as in a container with Docker's default of 64 MB. Default: false. */
  readonly smallSharedMemory?: boolean;
  /** What pages and servers see; see `userAgentOf`. Default: Chromium's own, which says HeadlessChrome. */
  readonly userAgent?: string | undefined;
}

/** The arguments to start Chromium with. */
export function launchArguments(options: LaunchArgumentsOptions): string[] {
  const { profileDirectory, extraArguments, asRoot, smallSharedMemory = false, userAgent } = options;
  const ours = [
    // File descriptors 3 and 4 only: no port, no socket, nothing for another process to find.
    '--remote-debugging-pipe',
    `--user-data-dir=${profileDirectory}`,
    '--headless=new',
    ...fixedSwitches,
    ...(asRoot ? ['--no-sandbox'] : []),
    // Uses files in the temporary directory instead; slower, so only where it is needed.
    ...(smallSharedMemory ? ['--disable-dev-shm-usage'] : []),
    // At launch, since one that a client sets over the debugging connection goes with that client.
    ...(userAgent === undefined ? [] : [`--user-agent=${userAgent}`]),
  ];
  return [...merged(ours, extraArguments), 'about:blank'];
}

/** The normal user agent of a browser version ("156.0.8078.79"): only the major number counts, as in every Chrome since 101. */
export function userAgentOf(version: string, platform: NodeJS.Platform = process.platform): string {
  const systems: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Macintosh; Intel Mac OS X 10_15_7',
    win32: 'Windows NT 10.0; Win64; x64',
  };
  const system = systems[platform] ?? 'X11; Linux x86_64';
  const major = version.split('.')[0] ?? version;
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

const fixedSwitches = [
  // No questions to a person who isn't there.
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-search-engine-choice-screen',
  '--noerrdialogs',
  // A page that hangs is the watchdog's business.
  '--disable-hang-monitor',
  // Not a word to anybody but WhatsApp: no update checks, no field trials, no accounts.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-component-extensions-with-background-pages',
  '--metrics-recording-only',
  // A crash is nobody's business but the user's: nothing is sent. The crash handlers themselves stay, two processes outside of the
  // browser's group that end with it: with --disable-crashpad-for-testing every navigation to https aborts (net::ERR_ABORTED).
  '--disable-breakpad',
  '--disable-crash-reporter',
  // Our tab is always in the background: its timers and its renderer must run at full speed nevertheless.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  // Injecting and reading a page of chats takes many messages in a row.
  '--disable-ipc-flooding-protection',
  // Else `navigator.webdriver` says true.
  '--disable-blink-features=AutomationControlled',
  // The profile must open again without a desktop's keyring, also after the machine has changed.
  '--password-store=basic',
  '--use-mock-keychain',
  // Else up to a fifth of what is free on the disk, for a page that is loaded a few times a day. In bytes; the code of the page is kept apart
  // from it, in a cache whose size Chromium chooses itself.
  '--disk-cache-size=100000000',
  // Shaders of a page that nobody looks at.
  '--disable-gpu-shader-disk-cache',
  '--mute-audio',
  '--hide-scrollbars',
  // Features of the window around the page; the omnibox ones alone are two more renderers. And a renderer in reserve: the one page that there
  // is has its own, and comes up as fast without (docs/browser.md has the figures).
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,Translate,MediaRouter,OptimizationHints,SpareRendererForSitePerProcess',
  // A process less, and 12 to 17 MB. On Linux it has no sandbox of its own to lose.
  '--enable-features=NetworkServiceInProcess2',
];

/** Switches whose values are comma-separated lists, with the switch that says the opposite. */
const listSwitches: Readonly<Record<string, string>> = {
  '--disable-features': '--enable-features',
  '--enable-features': '--disable-features',
  '--disable-blink-features': '--enable-blink-features',
  '--enable-blink-features': '--disable-blink-features',
};

function merged(ours: readonly string[], theirs: readonly string[]): string[] {
  const result = ours.flatMap((argument) => {
    const { name, values } = parts(argument);
    const opposite = listSwitches[name];
    if (opposite === undefined) return theirs.some((their) => parts(their).name === name) ? [] : [argument];
    const allowed = values.filter((value) => !listOf(opposite, theirs).includes(value));
    const all = [...new Set([...allowed, ...listOf(name, theirs)])];
    return all.length === 0 ? [] : [`${name}=${all.join(',')}`];
  });
  const ourLists = new Set(ours.map((argument) => parts(argument).name).filter((name) => name in listSwitches));
  const rest = theirs.filter((argument) => !(parts(argument).name in listSwitches));
  const newLists = Object.keys(listSwitches)
    .filter((name) => !ourLists.has(name) && listOf(name, theirs).length > 0)
    .map((name) => `${name}=${listOf(name, theirs).join(',')}`);
  return [...result, ...newLists, ...rest];
}

function listOf(name: string, argumentList: readonly string[]): string[] {
  return argumentList.filter((argument) => parts(argument).name === name).flatMap((argument) => parts(argument).values);
}

function parts(argument: string): { name: string; values: string[] } {
  const border = argument.indexOf('=');
  if (border === -1) return { name: argument, values: [] };
  return {
    name: argument.slice(0, border),
    values: argument
      .slice(border + 1)
      .split(',')
      .filter((value) => value !== ''),
  };
}
