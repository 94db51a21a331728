import { type AccountState, describeAccountState } from '../shared/account-state.js';

/** A line of `systemctl status` has room for so many. */
const mostNamed = 5;

/** All accounts in one line for a service manager: how many listen, and what the others do. */
export function summarizeAccounts(
  accounts: readonly { readonly number: string; readonly state: AccountState }[],
): string {
  const others = accounts.filter(({ state }) => state !== 'listening');
  const named = others.slice(0, mostNamed).map(({ number, state }) => `+${number}: ${phrase(state)}`);
  const unnamed = others.length - named.length;
  if (unnamed > 0) named.push(`and ${unnamed} more`);
  return [`${accounts.length - others.length} of ${accounts.length} listening`, ...named].join('; ');
}

function phrase(state: AccountState): string {
  const sentence = describeAccountState(state);
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replaceAll('; ', ', ').replace(/\.$/, '');
}
