export const whatsappHost = 'web.whatsapp.com';

/** What Chromium needs to find the sandbox at WhatsApp's address. No other name or certificate is affected. */
export function browserArguments(port: number, fingerprint: string): string[] {
  return [
    `--host-resolver-rules=MAP ${whatsappHost} 127.0.0.1:${port}`,
    `--ignore-certificate-errors-spki-list=${fingerprint}`,
  ];
}
