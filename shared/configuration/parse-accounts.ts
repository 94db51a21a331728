import { accountNumberPattern } from '../accounts.js';
import { type Parsed, type Rejected, accept, reject, show } from './option.js';

const exampleAccount = '491701234567';

/** Numbers separated by commas, or an array of them. An empty list is fine: nobody is served then. */
export function parseAccounts(raw: unknown): Parsed<readonly string[]> {
  const list = typeof raw === 'string' ? raw.split(',') : Array.isArray(raw) ? (raw as unknown[]) : [raw];
  const numbers: string[] = [];
  for (const [index, entry] of list.entries()) {
    if (typeof entry !== 'string' && typeof entry !== 'number') {
      return reject(`holds ${show(entry)}, which is not a number`, { write: exampleAccount });
    }
    const number = String(entry).trim();
    // A comma at the end is how lists are generated.
    if (number === '' && index === list.length - 1) continue;
    if (number === '') return reject('has an empty place between commas', { advice: 'remove the spare comma' });
    if (!accountNumberPattern.test(number)) {
      const rejected = rejectNumber(number);
      return list.length === 1 ? rejected : { ...rejected, what: `holds ${show(number)}, which ${rejected.what}` };
    }
    if (numbers.includes(number)) return reject(`names ${number} twice`, { advice: 'name each account once' });
    numbers.push(number);
  }
  return accept(numbers);
}

function rejectNumber(number: string): Rejected {
  const digits = number.replace(/@.*$/, '').replace(/\D/g, '').replace(/^00/, '');
  const instead = { write: accountNumberPattern.test(digits) ? digits : exampleAccount };
  if (/;|\d{7}\s+\+?\d{7}/.test(number)) {
    return reject('is more than one number', { advice: 'separate numbers by commas' });
  }
  if (number.startsWith('+')) return reject('has a plus sign where digits alone are wanted', instead);
  if (number.includes('@')) return reject('is a WhatsApp id where its digits alone are wanted', instead);
  if (/[^\d\s().\-/]/.test(number)) return reject('has letters or signs where digits alone are wanted', instead);
  if (/\D/.test(number)) return reject('has spaces or signs where digits alone are wanted', instead);
  if (number.startsWith('0')) return reject('starts with 0 where the country code is wanted', instead);
  return reject(`has ${number.length} digits; a number with its country code has 7 to 15`, { write: exampleAccount });
}
