const title = '# Benchmarks';

/**
 * The text of the results file with this section in the place of the earlier one of its name, or behind the others. Pure.
 *
 * @param section starts with its headline: `## …`.
 */
export function replaceSection(text: string, section: string): string {
  const sections = text.split(/^(?=## )/m).filter((part) => part.startsWith('## '));
  const headline = headlineOf(section);
  const index = sections.findIndex((part) => headlineOf(part) === headline);
  const replaced = index === -1 ? [...sections, section] : sections.with(index, section);
  return `${[title, ...replaced.map((part) => part.trim())].join('\n\n')}\n`;
}

function headlineOf(section: string): string {
  return section.split('\n', 1)[0]?.trim() ?? '';
}
