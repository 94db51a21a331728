// Part of `npm test`: the end-to-end tests need a browser. Finds one, or fetches one; exits 78 when neither works.
import { resolve } from 'node:path';
import { ensureBrowser } from '../dist/supervisor/browser/install-browser.js';

const configured = process.env.PUPPETEER_EXECUTABLE_PATH?.trim();

try {
  const path = await ensureBrowser({
    configuredPath: configured ? resolve(configured) : undefined,
    report: (line) => console.log(line),
  });
  console.log(`Browser: ${path}`);
} catch (error) {
  if (error.remedy === undefined) throw error;
  console.error(`wasup: ${error.message}\n  What to do: ${error.remedy}`);
  process.exitCode = error.exitCode;
}
