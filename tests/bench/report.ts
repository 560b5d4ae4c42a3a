/**
 * Formats rows of figures as an aligned table that shows each target and whether it is met.
 *
 * @module
 */
import type { Row, Target } from "./benchmark.ts";

/** Returns true if a row's figure meets a target; a missing figure or NaN does not. */
export function isMet(row: Row, target: Target): boolean {
  const value = row.values[target.column];
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  return value <= (target.atMost ?? Infinity) &&
    value >= (target.atLeast ?? -Infinity);
}

/** Formats a target: `p50 ms ≤ 0.05`. */
export function describeTarget(target: Target): string {
  const bounds = [];
  if (target.atMost !== undefined) bounds.push(`≤ ${target.atMost}`);
  if (target.atLeast !== undefined) bounds.push(`≥ ${target.atLeast}`);
  return `${target.column} ${bounds.join(" and ")}`;
}

/** Formats a figure with at most four significant digits; whole numbers stay unchanged. */
export function formatFigure(value: number | string | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 1000) {
    return Math.round(value).toLocaleString("en").replaceAll(",", " ");
  }
  return value.toFixed(
    Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3,
  );
}

/** Returns the lines of a table. A row whose columns differ from those of the row before starts a new table. */
export function formatRows(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (const group of groupByColumns(rows)) {
    if (lines.length > 0) lines.push("");
    lines.push(...formatGroup(group));
  }
  return lines;
}

function groupByColumns(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  let last = "";
  for (const row of rows) {
    const columns = Object.keys(row.values).join("\n");
    if (groups.length === 0 || columns !== last) groups.push([]);
    groups[groups.length - 1].push(row);
    last = columns;
  }
  return groups;
}

function formatGroup(rows: readonly Row[]): string[] {
  const columns = Object.keys(rows[0].values);
  const judged = rows.some((row) => (row.targets ?? []).length > 0);
  const cells = [
    ["", ...columns, ...(judged ? ["met", "target"] : [])],
    ...rows.map((row) => [
      row.what,
      ...columns.map((column) => formatFigure(row.values[column])),
      ...(judged ? verdict(row) : []),
    ]),
  ];
  const widths = cells[0].map((_, i) =>
    Math.max(...cells.map((line) => line[i].length))
  );
  return cells.map((line) =>
    line.map((cell, i) =>
      i === 0 || i > columns.length
        ? cell.padEnd(widths[i])
        : cell.padStart(widths[i])
    ).join("  ").trimEnd()
  );
}

function verdict(row: Row): [met: string, target: string] {
  const targets = row.targets ?? [];
  if (targets.length === 0) return ["", ""];
  const met = targets.every((target) => isMet(row, target));
  return [
    met ? "yes" : "no",
    targets.map((target) =>
      describeTarget(target) + (isMet(row, target) ? "" : " ✗")
    ).join(", "),
  ];
}
