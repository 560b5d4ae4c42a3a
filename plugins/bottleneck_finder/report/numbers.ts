/**
 * Numbers as people read them.
 *
 * @module
 */
import type { Estimate } from "../../../core/find.ts";

/** Writes a number without needless digits: one decimal below 10, none from there on; a question mark for one that is not known. */
export function plain(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const text = Math.abs(value) < 9.95
    ? value.toFixed(1).replace(/\.0$/, "")
    : value.toFixed(0);
  return signed(text);
}

/** Writes a slope: two decimals below 10, none from there on. */
export function decimal(value: number): string {
  return Math.abs(value) < 9.995 ? signed(value.toFixed(2)) : plain(value);
}

/** Takes away the sign of a rounded 0, and writes a minus sign as print does. */
function signed(text: string): string {
  return text.replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−");
}

/** Writes a change: its sign is always there, but for 0. */
export function change(value: number): string {
  const text = plain(value);
  return /^(0$|−)/.test(text) ? text : `+${text}`;
}

/** Writes a number of ms with its unit. */
export function inMilliseconds(value: number): string {
  return `${plain(value)} ms`;
}

/** Writes a budget in s where that is shorter. */
export function inSeconds(milliseconds: number): string {
  const isRound = milliseconds >= 1000 && milliseconds % 10 === 0;
  return isRound ? `${milliseconds / 1000} s` : inMilliseconds(milliseconds);
}

/** Writes a time that people wait. */
export function inMinutes(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${plain(milliseconds / 1000)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? inTwo(minutes, "min", seconds % 60, "s")
    : inTwo(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function inTwo(large: number, unit: string, rest: number, smaller: string) {
  return `${large} ${unit}${rest === 0 ? "" : ` ${rest} ${smaller}`}`;
}

/** Writes an interval. */
export function range(
  { low, high }: Pick<Estimate, "low" | "high">,
  write: (value: number) => string = plain,
): string {
  return `${write(low)}…${write(high)}`;
}

/** Writes an estimate with half the width of its interval. */
export function plusMinus(
  { value, low, high }: Estimate,
  write: (value: number) => string = plain,
): string {
  return `${write(value)} ± ${write((high - low) / 2)}`;
}

/** Writes a share in percent. */
export function percent(share: number): string {
  return `${plain(100 * share)} %`;
}
