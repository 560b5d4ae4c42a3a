/**
 * Numbers in sentences.
 *
 * @module
 */

/** Formats a time: `98 ms`, `4.2 ms`, `2.5 s`. */
export function inMs(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 10_000) return `${number(ms / 1000, 1)} s`;
  if (size >= 1000) return `${number(ms / 1000, 2)} s`;
  return `${number(ms, size >= 10 ? 0 : 1)} ms`;
}

/** Formats a number with up to some decimals. */
export function number(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  const short = decimals === 0 ? text : text.replace(/\.?0+$/, "");
  return short === "-0" ? "0" : short;
}

/** Formats a duration for people who wait: `1 min 20 s`. */
export function inMinutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** Formats a number with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
