import tseslint from 'typescript-eslint';

/** Which room may import which (see ARCHITECTURE.md). Everything else is an error. */
const closedDoors = {
  supervisor: ['worker', 'sandbox'],
  worker: ['supervisor', 'sandbox'],
  shared: ['supervisor', 'worker', 'sandbox', 'bot'],
  sandbox: ['supervisor', 'worker'],
  bot: ['supervisor', 'worker', 'sandbox', 'shared'],
};

/** whatsapp-web.js and puppeteer live in one room of the worker; nobody else pays for loading them. */
const browserLibraries = ['whatsapp-web.js', 'puppeteer', 'puppeteer-core'];

const boundaries = Object.entries(closedDoors).map(([room, forbidden]) => ({
  files: [`${room}/**/*.ts`],
  // The embedded sandbox of `wasup start` and the `wasup sandbox` command are the two doors to that room.
  ignores: ['worker/whatsapp/**', 'supervisor/sandbox-demonstration.ts', 'supervisor/commands.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: (room === 'bot' ? [] : browserLibraries).map((name) => ({
          name,
          message: 'Only worker/whatsapp/ imports the browser libraries.',
        })),
        patterns: forbidden.map((name) => ({
          regex: `^(\\.\\./)+${name}(/|$)`,
          message: `${room}/ must not import ${name}/.`,
        })),
      },
    ],
  },
}));

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
  {
    // whatsapp/ may import the libraries, but still neither of the other rooms.
    files: ['worker/whatsapp/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(\\.\\./)+(supervisor|sandbox)(/|$)', message: 'worker/ imports neither room.' }] },
      ],
    },
  },
);
