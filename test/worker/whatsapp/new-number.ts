let last = 12_025_560_000;

/** A person of whom no other test has heard. */
export function newNumber(): string {
  last += 1;
  return String(last);
}
