/**
 * Countries whose mobile numbers are dialled in another form than the one under which WhatsApp knows them: Brazil's ninth digit, Mexico's 1,
 * Argentina's 9. Each brings a number to the shorter form; what doesn't look like a mobile number of that country stays as it is.
 */
const longForms: readonly (readonly [longForm: RegExp, shortForm: string])[] = [
  [/^55(\d{2})9(\d{8})$/, '55$1$2'],
  [/^521(\d{10})$/, '52$1'],
  [/^549(\d{10})$/, '54$1'],
];

/** Whether two numbers, digits only with their country codes, are one account at WhatsApp. Pure. */
export function isSameNumber(one: string, other: string): boolean {
  return one === other || shortFormOf(one) === shortFormOf(other);
}

function shortFormOf(number: string): string {
  return longForms.reduce((text, [longForm, shortForm]) => text.replace(longForm, shortForm), number);
}
