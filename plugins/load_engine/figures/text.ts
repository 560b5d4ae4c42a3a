/**
 * Progress and summary for the terminal.
 *
 * @module
 */
import type { Progress } from "./progress.ts";
import type { ScenarioSummary, Summary, Times } from "./summary.ts";

/** One line: how long, how fast, how slow, how many errors. */
export function progressLine({ elapsed, scenarios }: Progress): string {
  const sum = (of: (scenario: typeof scenarios[number]) => number) =>
    scenarios.reduce((total, scenario) => total + of(scenario), 0);
  const failed = sum((scenario) => scenario.failed);
  const ended = failed + sum(({ completed }) => completed);
  const dropped = sum((scenario) => scenario.dropped);
  const slowest = scenarios.reduce<number | null>(
    (worst, { p95 }) => p95 === null ? worst : Math.max(worst ?? 0, p95),
    null,
  );
  return [
    seconds(elapsed).padStart(8),
    `${sum(({ rate }) => rate).toFixed(0)}/s`,
    `p95 ${slowest === null ? "-" : ms(slowest)}`,
    `${sum(({ inFlight }) => inFlight)} in flight`,
    `${failed} failed (${share(failed, ended)})`,
    ...dropped > 0 ? [`${dropped} dropped`] : [],
  ].join("  ");
}

/** The whole run: a row for each scenario and for each of its groups, then the thresholds. */
export function summaryTable(summary: Summary): string {
  const { name, seed, duration, aborted, scenarios, thresholds } = summary;
  const entries = Object.entries(scenarios);
  const blocks = [
    `${name}, seed ${seed}: ${seconds(duration)}${
      aborted === null ? "" : `, ended before its time: ${aborted}`
    }`,
  ];
  if (entries.length > 0) {
    blocks.push(
      table([
        ["", "sent", "dropped", "failed", "rate"],
        ...entries.map(([scenario, { started, dropped, failed, rate }]) => [
          scenario,
          `${started}`,
          `${dropped}`,
          `${failed} (${share(failed, started)})`,
          `${rate.toFixed(1)}/s`,
        ]),
      ]),
      table([
        ["", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
        ...entries.flatMap(([scenario, figures]) =>
          timeRows(scenario, figures)
        ),
      ]),
    );
    const kinds = entries.flatMap(([scenario, { failures }]) =>
      Object.entries(failures).map(([kind, count]) =>
        `${scenario}: ${count} × ${/^\d+$/.test(kind) ? "status " : ""}${kind}`
      )
    );
    if (kinds.length > 0) blocks.push(kinds.join("\n"));
  }
  if (thresholds.length > 0) {
    blocks.push(
      thresholds.map(({ metric, expression, actual, ok }) =>
        `${ok ? "✓" : "✗"} ${metric} ${expression}${
          ok && actual !== null ? "" : `, was ${actual ?? "not measured"}`
        }`
      ).join("\n"),
    );
  }
  return `${blocks.join("\n\n")}\n`;
}

function timeRows(scenario: string, figures: ScenarioSummary): string[][] {
  const row = (label: string, of: Times) => [
    label,
    ...[of.mean, of.p50, of.p90, of.p95, of.p99, of.p999, of.max].map((time) =>
      time === null ? "-" : ms(time)
    ),
  ];
  return [
    row(`${scenario}: response time`, figures.responseTime),
    ...Object.entries(figures.groups).map(([group, { responseTime }]) =>
      row(`  ${group}`, responseTime)
    ),
    row("  service time", figures.serviceTime),
    row("  first byte", figures.firstByte),
    row("  start lag", figures.startLag),
  ];
}

/** The first column to the left, all others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])
    ).join("  ")
  ).join("\n");
}

function ms(time: number): string {
  const digits = time < 1 ? 3 : time < 100 ? 2 : time < 1000 ? 1 : 0;
  return `${time.toFixed(digits)} ms`;
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${(part / whole * 100).toFixed(2)} %`;
}
