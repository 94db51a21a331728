/** The candidate that `word` was probably meant to be, or undefined when none is near. Case and punctuation don't count. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = normalize(word);
  // A third of the letters wrong is still a slip; more is another word.
  let nearest = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  let suggestion: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, normalize(candidate), nearest);
    if (distance < nearest) {
      nearest = distance;
      suggestion = candidate;
    }
  }
  return suggestion;
}

function normalize(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Levenshtein's distance; words whose lengths differ by `limit` or more are not compared, garbage can be long. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? limit;
}
