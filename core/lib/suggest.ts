/**
 * What a misspelt name was probably meant to be.
 *
 * @module
 */

/** Longer words are nobody's misspelling, and the distance costs time and space in the product of the lengths. */
const LONGEST = 64;

/**
 * The candidate closest to a word: by Damerau–Levenshtein distance (optimal string alignment), case and the separators
 * `-`, `_` and space left aside, within a third of the longer word's length; or one that the word is the beginning of.
 *
 * @param word what was written
 * @param candidates the names there are
 * @returns the closest candidate, the first of equals; `undefined` where none is close enough
 */
export function suggest(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  const written = normalise(word);
  if (written === "" || written.length > LONGEST) return undefined;
  let best: string | undefined;
  let smallest = Infinity;
  for (const candidate of candidates) {
    const score = compare(written, normalise(candidate));
    if (score < smallest) {
      smallest = score;
      best = candidate;
    }
  }
  return best;
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/gu, "");
}

/** How far apart two words are; Infinity where no one would take one for the other. */
function compare(word: string, candidate: string): number {
  if (candidate.length > LONGEST) return Infinity;
  const longer = Math.max(word.length, candidate.length);
  const changes = distance(word, candidate);
  if (changes <= Math.max(1, Math.floor(longer / 3)) && changes < longer) {
    return changes;
  }
  // An abbreviation is worse than any misspelling, and the shorter the rest, the better.
  if (word.length >= 2 && candidate.startsWith(word)) {
    return LONGEST + candidate.length - word.length;
  }
  return Infinity;
}

/**
 * The least number of insertions, deletions, substitutions and swaps of neighbours that make one word of the other, no
 * letter edited twice.
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
