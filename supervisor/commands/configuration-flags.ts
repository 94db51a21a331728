import { Option } from 'commander';

import { optionKeys, options } from '../../shared/configuration/options.js';

/** Every configuration option as a flag. What is valid is decided in one place for flags, environment and file. */
export function configurationFlags(): Option[] {
  return optionKeys.map((key) => {
    const { flag, sentence, range, defaultText, environmentName } = options[key];
    return new Option(`${flag} <value>`, `${sentence} (${range}; ${environmentName}; default: ${defaultText})`);
  });
}
