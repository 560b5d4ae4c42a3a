/**
 * Lines of a text that comes piece by piece.
 *
 * @module
 */

/** Lines that follow one another. */
export interface LineBlock {
  /** Number of the first of them, from 1. */
  readonly first: number;
  /** Lines without their line breaks; undefined for one that is too long. */
  readonly lines: readonly (string | undefined)[];
}

/**
 * Yields the lines of a text in blocks. Carriage returns at the end of lines are dropped.
 *
 * @param longest greatest length of a line, in characters: a longer one is never in memory as a whole
 */
export async function* linesIn(
  parts: AsyncIterable<string>,
  longest: number,
): AsyncGenerator<LineBlock, void> {
  let first = 1;
  let rest = "";
  let isLong = false;
  for await (const part of parts) {
    const texts = (rest + part).split("\n");
    rest = texts.pop() ?? "";
    if (texts.length > 0) {
      const lines: (string | undefined)[] = texts.map((line) =>
        line.length > longest ? undefined : withoutReturn(line)
      );
      // The end of a line whose beginning was passed over.
      if (isLong) lines[0] = undefined;
      isLong = false;
      yield { first, lines };
      first += lines.length;
    }
    if (rest.length > longest) {
      rest = "";
      isLong = true;
    }
  }
  if (isLong) yield { first, lines: [undefined] };
  else if (rest !== "") yield { first, lines: [withoutReturn(rest)] };
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
