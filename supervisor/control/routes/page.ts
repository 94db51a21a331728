import { readFile } from 'node:fs/promises';

import type { FastifyInstance } from 'fastify';

const files = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { name: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/page.css': { name: 'page.css', type: 'text/css; charset=utf-8' },
} as const;

/** They hold no secrets: whoever opens them has to show the token for everything else. */
export const pagePaths: readonly string[] = Object.keys(files);

/** Scripts, styles and data from here alone; the QR code is a picture that the page has fetched. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src blob:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page for people, in `page/`. */
export function addPageRoutes(api: FastifyInstance): void {
  for (const [path, { name, type }] of Object.entries(files)) {
    api.get(path, async (_request, reply) => {
      const text = await readFile(new URL(`../page/${name}`, import.meta.url));
      return reply
        .headers({ 'content-security-policy': contentSecurityPolicy, 'x-frame-options': 'DENY' })
        .type(type)
        .send(text);
    });
  }
}
