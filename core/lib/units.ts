/**
 * Units of settings: durations in milliseconds, rates per second, sizes in bytes.
 *
 * The parsers return `undefined` for a value that they cannot read. They do not check limits; schemas do.
 *
 * @module
 */
import { suggest } from "./suggest.ts";

/** A decimal number without exponent, followed by a unit: `"-1.5 s"` gives `["-1.5", "s"]`. */
const QUANTITY = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(\D*?)\s*$/u;

/** Parts of a duration, each with its unit, as in `1m30s`. */
const PART = /\d+(?:\.\d+)?\s*(?:ms|us|[hms])/gu;
const PARTS = /^\s*(?:\d+(?:\.\d+)?\s*(?:ms|us|[hms])\s*){2,6}$/u;

/** Milliseconds per unit, as a quotient because 1/1000 is not a binary fraction. Both micro signs are in use. */
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

/** Milliseconds per unit that durations do not have. */
const OTHER_DURATIONS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ns: 1e-6,
    nanoseconds: 1e-6,
    d: 86_400_000,
    day: 86_400_000,
    days: 86_400_000,
  }),
);

/** Spellings that are not accepted but lead to a suggestion. */
const MISSPELT_DURATIONS = aliasTable({
  us: "usec usecs microsecond microseconds",
  ms: "msec msecs millis millisecond milliseconds",
  s: "sec secs second seconds sek sekunde sekunden",
  m: "min mins minute minutes minuten",
  h: "hr hrs hour hours std stunde stunden",
});

const MISSPELT_RATES = aliasTable({
  "/s": "/sec /second rps ps qps tps r/s req/s reqs/s requests/s hz",
  "/m": "/min /minute rpm r/m req/m req/min requests/min",
  "/h": "/hr /hour r/h req/h requests/h",
});

const MISSPELT_SIZES = aliasTable({
  B: "byte bytes",
  KB: "k kilobyte kilobytes",
  MB: "m megabyte megabytes",
  GB: "g gigabyte gigabytes",
  TB: "t terabyte terabytes",
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
 * Parses a duration: `"250us"`, `"120ms"`, `"1.5s"`, `"2m"`, `"1h"`, or a finite number of milliseconds. White space between
 * number and unit is accepted, an exponent or a missing unit is not.
 *
 * @returns duration in ms, possibly negative; `undefined` for any other value
 */
export function parseDuration(value: unknown): number | undefined {
  return read(value, DURATIONS);
}

/**
 * Parses a rate: `"400/s"`, `"30/m"`, `"2/h"`, or a finite number per second.
 *
 * @returns rate per second, possibly negative; `undefined` for any other value
 */
export function parseRate(value: unknown): number | undefined {
  return read(value, RATES);
}

/**
 * Parses a size: `"64KiB"`, `"256MiB"` (powers of 1024), `"1GB"` (powers of 1000), `"10B"`, or a finite number of bytes.
 *
 * @returns size in bytes, possibly negative or a fraction; `undefined` for any other value
 */
export function parseSize(value: unknown): number | undefined {
  return read(value, SIZES);
}

/**
 * Suggests the correct spelling of a duration: `"2 sec"` gives `"2s"`, `"120MS"` gives `"120ms"`, `"1m30s"` gives `"90s"`, `"1d"` gives
 * `"24h"`.
 *
 * @returns a text that {@linkcode parseDuration} accepts; `undefined` if there is no suggestion
 */
export function suggestDuration(value: unknown): string | undefined {
  return correct(value, DURATIONS, MISSPELT_DURATIONS) ?? otherUnit(value) ??
    sumOfParts(value);
}

/** Units for a text that is a number without one, which may be of either. */
export function suggestDurationUnits(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const [, digits, unit] = QUANTITY.exec(withPoint(value)) ?? [];
  return digits !== undefined && unit === ""
    ? `${digits}ms or ${digits}s`
    : undefined;
}

/** A duration in a unit that durations do not have. */
function otherUnit(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const [, digits, unit] = QUANTITY.exec(withPoint(value)) ?? [];
  const factor = OTHER_DURATIONS.get(unit?.toLowerCase());
  return factor === undefined
    ? undefined
    : formatDuration(Number(digits) * factor);
}

/** A duration of several parts, as in `1m30s`. */
function sumOfParts(value: unknown): string | undefined {
  if (typeof value !== "string" || !PARTS.test(value)) return undefined;
  const parts = value.match(PART)?.map(parseDuration) ?? [];
  return formatDuration(
    parts.reduce((sum = 0, part = 0) => sum + part, 0) ?? 0,
  );
}

/**
 * Suggests the correct spelling of a rate: `"400/sec"` gives `"400/s"`.
 *
 * @returns a text that {@linkcode parseRate} accepts; `undefined` if there is no suggestion
 */
export function suggestRate(value: unknown): string | undefined {
  return correct(value, RATES, MISSPELT_RATES);
}

/**
 * Suggests the correct spelling of a size: `"64kib"` gives `"64KiB"`.
 *
 * @returns a text that {@linkcode parseSize} accepts; `undefined` if there is no suggestion
 */
export function suggestSize(value: unknown): string | undefined {
  return correct(value, SIZES, MISSPELT_SIZES);
}

/**
 * Formats a duration in the most natural unit: 120 gives `"120ms"`, 1500 gives `"1.5s"`, 0.25 gives `"250us"`.
 *
 * {@linkcode parseDuration} reads the text back, as exactly the same number from 1e-6 ms upwards.
 *
 * @param milliseconds any number; Infinity and NaN are written as such and cannot be parsed again
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

/** Units from the coarsest to the finest, each with the smallest number and the most decimals it is used for. */
const SPELLINGS: readonly (readonly [string, number, number])[] = [
  ["h", 1, 1],
  ["m", 2, 1],
  ["s", 1, 3],
  ["ms", 1, 20],
  ["us", 0, 20],
];

/** Shortest decimal form of a number without an exponent. */
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
  const [, digits, written] = QUANTITY.exec(withPoint(value)) ?? [];
  if (digits === undefined) return undefined;
  const word = written.toLowerCase();
  const unit = aliases.get(word) ??
    [...units.keys()].find((candidate) => candidate.toLowerCase() === word) ??
    (word.length < 3
      ? undefined
      : aliases.get(suggest(word, aliases.keys()) ?? ""));
  return unit === undefined ? undefined : digits + unit;
}

/** A text whose number has a decimal comma, with a point in its place. */
function withPoint(text: string): string {
  return text.replace(/^(\s*[+-]?\d*),(\d{1,2}(?!\d))/u, "$1.$2");
}
