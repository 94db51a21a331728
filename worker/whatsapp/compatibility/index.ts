import type { Page } from 'puppeteer';

import { messageKeyText } from './message-key-text.js';
import type { CompatibilityPatch } from './patch.js';

/** In the order in which they are applied. */
export const compatibilityPatches: readonly CompatibilityPatch[] = [messageKeyText];

/** Applies what this page needs and returns the names of the patches that changed something. */
export async function applyPatches(page: Page): Promise<string[]> {
  const applied: string[] = [];
  for (const patch of compatibilityPatches) {
    if (patch.beforeInjection !== undefined && (await page.evaluate(patch.beforeInjection))) applied.push(patch.name);
  }
  return applied;
}
