export const whatsappHost = 'web.whatsapp.com';

/** What Chromium needs to find the sandbox at WhatsApp's address, and to let it crash the page when a test asks for it. */
export function browserArguments(port: number, fingerprint: string): string[] {
  return [
    `--host-resolver-rules=MAP ${whatsappHost} 127.0.0.1:${port}`,
    `--ignore-certificate-errors-spki-list=${fingerprint}`,
    '--js-flags=--allow-natives-syntax',
  ];
}
