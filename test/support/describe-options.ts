import { appliesAtTimes, type OptionGroup, optionGroups } from '../../shared/configuration/option.js';
import { type OptionKey, optionKeys, options } from '../../shared/configuration/options.js';

/** The tables of docs/configuration.md: for each group its title and its lines, as they have to stand there, but for the padding. */
export function describeOptionGroups(): readonly { readonly title: string; readonly lines: readonly string[] }[] {
  return (Object.entries(optionGroups) as [OptionGroup, string][]).map(([group, title]) => {
    const keys = optionKeys.filter((key) => options[key].group === group);
    return {
      title,
      lines: [header, header.map(() => '-'), ...keys.map(describeOption)].map((cells) => `| ${cells.join(' | ')} |`),
    };
  });
}

const header = ['option', 'variable, flag', 'default', 'range', 'a change holds', 'what it does'];

function describeOption(key: OptionKey): string[] {
  const { environmentName, flag, defaultText, range, appliesAt, sentence } = options[key];
  const applies = appliesAtTimes[appliesAt];
  return [`\`${key}\``, `\`${environmentName}\` \`${flag}\``, defaultText, range, applies, sentence];
}
