/** What a person is told while a device is being linked: reasons without a full stop, actions as sentences. */

export const notLinked = 'The device is not linked';
export const scanTheCode = 'Scan the QR code with WhatsApp on the phone.';
export const enterTheCode = 'Enter the pairing code on the phone.';

export function askAgain(account: string): string {
  return `When somebody with the phone is there, run \`npx wasup link ${account}\`, or start wasup again.`;
}

/**
 * After a scan WhatsApp went back to showing codes: since the middle of 2026 that is how it turns away an account that
 * has to confirm a new device with a passkey.
 *
 * @param count of refusals so far, with this one.
 */
export function describeLinkRefusal(by: 'qr' | 'code', count: number): { reason: string; userAction: string } {
  const done = by === 'qr' ? 'scanned' : 'took';
  const again = count === 1 ? '' : ` (${count} times by now)`;
  return {
    reason:
      `The phone ${done} the code, but WhatsApp did not link the device${again}. Since the middle of 2026 WhatsApp wants a ` +
      'passkey from some accounts before it links a device, which no browser without a screen can give',
    userAction:
      count === 1
        ? 'Update WhatsApp on the phone and try once more. Keep the devices of this account that are linked: a new link may not be possible.'
        : 'Use another account, or one of its devices that is linked already: trying again and again can get the account restricted.',
  };
}
