/**
 * The number that a command prints as JSON.
 *
 * @module
 */

/** Result of looking for a number: the number, or the reason why there is none. */
export type PrintedNumber =
  | { readonly value: number }
  | { readonly failure: string };

/**
 * Finds a number in the output of a command. The output is one JSON value, or ends with one that begins on a line of its own, or
 * has one on its last line that is JSON.
 *
 * @param pointer JSON Pointer into the value; `""` for the value itself
 */
export function printedNumber(output: string, pointer: string): PrintedNumber {
  const document = lastJson(output);
  if (document === undefined) {
    return { failure: "The command printed no JSON" };
  }
  let value: unknown = document.value;
  const tokens = pointer.split("/").slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (const token of tokens) {
    value = typeof value === "object" && value !== null &&
        Object.hasOwn(value, token)
      ? (value as Record<string, unknown>)[token]
      : undefined;
  }
  const place = pointer === "" ? "" : ` at ${pointer}`;
  return typeof value === "number" && Number.isFinite(value) ? { value } : {
    failure: value === undefined
      ? `The JSON that the command printed has nothing${place}`
      : `The JSON that the command printed has ${
        typeof value === "number"
          // JSON may contain 1e400, which becomes Infinity here.
          ? "too large a number"
          : JSON.stringify(value).slice(0, 60)
      }${place}${typeof value === "number" ? "" : ", which is no number"}`,
  };
}

/** Maximum number of places at which a value may begin that are tried. */
const MOST_TRIES = 100;

function lastJson(output: string): { readonly value: unknown } | undefined {
  const whole = parsed(output);
  if (whole !== undefined) return whole;
  const lines = output.trimEnd().split("\n");
  let tries = MOST_TRIES;
  // A value over several lines, such as a reporter's, after lines of other programs.
  for (let i = 0; i < lines.length && tries > 0; i++) {
    if (!/^\s*[[{]/.test(lines[i])) continue;
    tries--;
    const rest = parsed(lines.slice(i).join("\n"));
    if (rest !== undefined) return rest;
  }
  for (const line of lines.toReversed().slice(0, MOST_TRIES)) {
    const one = parsed(line);
    if (one !== undefined) return one;
  }
  return undefined;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
