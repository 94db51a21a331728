import tseslint from 'typescript-eslint';

/** Which room may not import which (the table of ARCHITECTURE.md). Every room is here; what is left out is allowed. */
const closedDoors = {
  supervisor: ['worker', 'sandbox', 'bot'],
  worker: ['supervisor', 'sandbox', 'bot'],
  shared: ['supervisor', 'worker', 'sandbox', 'bot'],
  sandbox: ['supervisor', 'worker', 'shared', 'bot'],
  bot: ['supervisor', 'worker', 'sandbox', 'shared'],
};

/** The doors that the table leaves open within a closed room. */
const openDoors = {
  sandbox: { shared: 'files/write-file-atomically\\.js$' },
};
const typesOnly = { worker: ['bot'] };
/** The demonstration of `npm start` and the `wasup sandbox` command. */
const doorsToTheSandbox = ['supervisor/sandbox-demonstration.ts', 'supervisor/commands.ts'];

/** whatsapp-web.js and puppeteer live in one room of the worker; nobody else pays for loading them. */
const browserLibraries = ['whatsapp-web.js', 'puppeteer', 'puppeteer-core'];

function boundary(room, { files = [`${room}/**/*.{ts,js}`], except = [], ignores = [], libraries = false }) {
  const forbidden = closedDoors[room].filter((other) => !except.includes(other));
  const closed = forbidden.map((other) => {
    const openDoor = openDoors[room]?.[other];
    return {
      regex: `^(\\.\\./)+${other}/${openDoor === undefined ? '' : `(?!${openDoor})`}`,
      allowTypeImports: typesOnly[room]?.includes(other) ?? false,
      message: `${room}/ must not import ${other}/.`,
    };
  });
  const libraryPattern = {
    regex: `^(${browserLibraries.join('|').replaceAll('.', '\\.')})(/|$)`,
    message: 'Only worker/whatsapp/ imports the browser libraries.',
  };
  const patterns = libraries ? closed : [...closed, libraryPattern];
  return {
    files,
    ignores: ['**/page/**', ...ignores],
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
      // The rule above does not look at import().
      'no-restricted-syntax': [
        'error',
        ...patterns.map(({ regex, message }) => ({
          selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\/')}/]`,
          message,
        })),
      ],
    },
  };
}

const boundaries = [
  ...Object.keys(closedDoors)
    .filter((room) => room !== 'bot')
    .map((room) => boundary(room, { ignores: ['worker/whatsapp/**', ...doorsToTheSandbox] })),
  boundary('bot', { libraries: true }),
  boundary('worker', { files: ['worker/whatsapp/**/*.ts'], libraries: true }),
  boundary('supervisor', { files: doorsToTheSandbox, except: ['sandbox'] }),
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'sessions/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The library's own objects are what bots hold in their hands; both are allowed to be `unknown` shaped.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  ...boundaries,
);
