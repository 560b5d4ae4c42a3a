/**
 * The units in which settings are written, and the numbers they stand for: durations in milliseconds, rates per second,
 * sizes in bytes.
 *
 * A reader takes what a user wrote and returns `undefined` for what it cannot read; limits are the schema's business.
 *
 * @module
 */

/** A decimal number without exponent, then a unit: `"-1.5 s"` gives `["-1.5", "s"]`. */
const QUANTITY = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(\D*?)\s*$/u;

/** How many milliseconds a unit has, as a quotient, since 1/1000 is no binary fraction. Both micro signs are in use. */
const DURATIONS = unitTable({
  us: [1, 1000],
  "\u00b5s": [1, 1000],
  "\u03bcs": [1, 1000],
  ms: [1, 1],
  s: [1000, 1],
  m: [60_000, 1],
  h: [3_600_000, 1],
});

const RATES = unitTable({ "/s": [1, 1], "/m": [1, 60], "/h": [1, 3600] });

const SIZES = unitTable({
  B: [1, 1],
  kB: [1e3, 1],
  KB: [1e3, 1],
  MB: [1e6, 1],
  GB: [1e9, 1],
  TB: [1e12, 1],
  KiB: [2 ** 10, 1],
  MiB: [2 ** 20, 1],
  GiB: [2 ** 30, 1],
  TiB: [2 ** 40, 1],
});

/** Spellings that are not accepted, but understood well enough to suggest the right one. */
const MISSPELT_DURATIONS = aliasTable({
  us: "usec usecs microsecond microseconds",
  ms: "msec msecs millis millisecond milliseconds",
  s: "sec secs second seconds",
  m: "min mins minute minutes",
  h: "hr hrs hour hours",
});

const MISSPELT_RATES = aliasTable({
  "/s": "/sec /second rps ps",
  "/m": "/min /minute rpm",
  "/h": "/hr /hour",
});

const MISSPELT_SIZES = aliasTable({
  B: "byte bytes",
  KB: "k",
  MB: "m",
  GB: "g",
  TB: "t",
});

type UnitTable = ReadonlyMap<string, readonly [number, number]>;
type AliasTable = ReadonlyMap<string, string>;

function unitTable(
  units: Readonly<Record<string, readonly [number, number]>>,
): UnitTable {
  return new Map(Object.entries(units));
}

function aliasTable(spellings: Readonly<Record<string, string>>): AliasTable {
  return new Map(
    Object.entries(spellings).flatMap(([unit, words]) =>
      words.split(" ").map((word) => [word, unit] as const)
    ),
  );
}

/**
 * Reads a duration: `"250us"`, `"120ms"`, `"1.5s"`, `"2m"`, `"1h"`, or a finite number of milliseconds. White space
 * between number and unit is tolerated, an exponent or a missing unit is not.
 *
 * @returns milliseconds, which may be negative, or `undefined` for what is no duration
 */
export function parseDuration(value: unknown): number | undefined {
  return read(value, DURATIONS);
}

/**
 * Reads a rate: `"400/s"`, `"30/m"`, `"2/h"`, or a finite number per second.
 *
 * @returns per second, which may be negative, or `undefined` for what is no rate
 */
export function parseRate(value: unknown): number | undefined {
  return read(value, RATES);
}

/**
 * Reads a size: `"64KiB"`, `"256MiB"` (powers of 1024), `"1GB"` (powers of 1000), `"10B"`, or a finite number of bytes.
 *
 * @returns bytes, which may be negative or a fraction, or `undefined` for what is no size
 */
export function parseSize(value: unknown): number | undefined {
  return read(value, SIZES);
}

/**
 * The duration that a misspelt one was probably meant to be: `"2 sec"` gives `"2s"`, `"120MS"` gives `"120ms"`.
 *
 * @returns a text that {@linkcode parseDuration} reads, or `undefined`
 */
export function suggestDuration(value: unknown): string | undefined {
  return correct(value, DURATIONS, MISSPELT_DURATIONS);
}

/**
 * The rate that a misspelt one was probably meant to be: `"400/sec"` gives `"400/s"`.
 *
 * @returns a text that {@linkcode parseRate} reads, or `undefined`
 */
export function suggestRate(value: unknown): string | undefined {
  return correct(value, RATES, MISSPELT_RATES);
}

/**
 * The size that a misspelt one was probably meant to be: `"64kib"` gives `"64KiB"`.
 *
 * @returns a text that {@linkcode parseSize} reads, or `undefined`
 */
export function suggestSize(value: unknown): string | undefined {
  return correct(value, SIZES, MISSPELT_SIZES);
}

/**
 * Writes a duration the way a user would: 120 gives `"120ms"`, 1500 gives `"1.5s"`, 0.25 gives `"250us"`.
 *
 * {@linkcode parseDuration} reads the text back: as the same number from 1e-6 ms upwards, less exactly below.
 *
 * @param milliseconds any number; Infinity and NaN are written as such, and cannot be read back
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return String(milliseconds);
  if (milliseconds === 0) return "0ms";
  for (const [unit, smallest, decimals] of SPELLINGS) {
    const [factor, divisor] = DURATIONS.get(unit) ?? [1, 1];
    const number = milliseconds * divisor / factor;
    if (Math.abs(number) < smallest) continue;
    const text = plain(number);
    if ((text.split(".")[1] ?? "").length > decimals) continue;
    if (parseDuration(text + unit) === milliseconds) return text + unit;
  }
  return `${plain(milliseconds)}ms`;
}

/** Units from the coarsest, each with the smallest number it is used for and how many decimals look natural in it. */
const SPELLINGS: readonly (readonly [string, number, number])[] = [
  ["h", 1, 1],
  ["m", 2, 1],
  ["s", 1, 3],
  ["ms", 1, 20],
  ["us", 0, 20],
];

/** A number's shortest decimal form without an exponent. */
function plain(number: number): string {
  const text = String(number);
  if (!text.includes("e")) return text;
  if (Math.abs(number) >= 1) return BigInt(Math.round(number)).toString();
  return number.toFixed(20).replace(/\.?0+$/u, "");
}

function read(value: unknown, units: UnitTable): number | undefined {
  if (typeof value === "number") {
    return Number.isFinite(value) ? value : undefined;
  }
  if (typeof value !== "string") return undefined;
  const [, digits, unit] = QUANTITY.exec(value) ?? [];
  const [factor, divisor] = units.get(unit) ?? [];
  if (factor === undefined || divisor === undefined) return undefined;
  const number = Number(digits) * factor / divisor;
  return Number.isFinite(number) ? number : undefined;
}

function correct(
  value: unknown,
  units: UnitTable,
  aliases: AliasTable,
): string | undefined {
  if (typeof value !== "string") return undefined;
  const [, digits, written] = QUANTITY.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const word = written.toLowerCase();
  const unit = aliases.get(word) ??
    [...units.keys()].find((candidate) => candidate.toLowerCase() === word);
  return unit === undefined ? undefined : digits + unit;
}
