/**
 * Suggestions for misspelt names.
 *
 * @module
 */

/** Maximum length of a word. The distance takes time and memory in proportion to the product of the lengths. */
const LONGEST = 64;

/** Maximum number of steps of one search, which take about 5 ms: of more candidates, the first ones are compared. */
export const MOST_STEPS = 500_000;

/** Length of a candidate from which on it is not even normalised. */
const LONGEST_CANDIDATE = 2 * LONGEST;

/**
 * Finds the candidate closest to a word, ignoring case and the separators `-`, `_` and space. Close means a
 * Damerau–Levenshtein distance (optimal string alignment) within a third of the longer word's length; otherwise a candidate
 * that starts with the word.
 *
 * @param word the name as written
 * @param candidates the names that exist
 * @returns the closest candidate, the first of equally close ones; `undefined` if none is close enough
 */
export function suggest(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  if (word.length > LONGEST_CANDIDATE) return undefined;
  const written = normalise(word);
  if (written === "" || written.length > LONGEST) return undefined;
  let best: string | undefined;
  let smallest = Infinity;
  let left = MOST_STEPS;
  for (const candidate of candidates) {
    // A list of routes is as long as a configuration makes it, and each request without a route has it searched.
    if ((left -= 1 + stepsOf(written, candidate)) < 0) break;
    if (candidate.length > LONGEST_CANDIDATE) continue;
    const score = compare(written, normalise(candidate));
    if (score < smallest) {
      smallest = score;
      best = candidate;
    }
  }
  return best;
}

/** Number of steps that the comparison with a candidate takes at most. */
function stepsOf(written: string, { length }: string): number {
  if (length > LONGEST_CANDIDATE) return 0;
  // Separators are removed: the lengths may come closer to each other.
  return length > 2 * written.length + 4 ? length : written.length * length;
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/gu, "");
}

/** Score of a candidate, lower is better; Infinity if it is not close enough. */
function compare(word: string, candidate: string): number {
  if (candidate.length > LONGEST) return Infinity;
  const longer = Math.max(word.length, candidate.length);
  const close = Math.max(1, Math.floor(longer / 3));
  // Each letter more or less is a change.
  if (Math.abs(word.length - candidate.length) <= close) {
    const changes = distance(word, candidate);
    if (changes <= close && changes < longer) return changes;
  }
  // An abbreviation scores worse than any misspelling, and better with fewer letters missing.
  if (word.length >= 2 && candidate.startsWith(word)) {
    return LONGEST + candidate.length - word.length;
  }
  return Infinity;
}

/**
 * Least number of insertions, deletions, substitutions and swaps of neighbouring letters that turn one word into the other,
 * with no letter edited twice.
 */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(
        previous[j] + 1,
        row[j - 1] + 1,
        previous[j - 1] + substitution,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}
