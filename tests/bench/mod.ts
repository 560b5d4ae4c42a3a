/**
 * Runs the benchmarks: `deno task bench [name…] [--out FILE] [--minutes N] [--quick]`. Each prints a table, with the targets and whether
 * they are met; a missed target does not fail the run.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { suggest } from "../../core/config/mod.ts";
import type { Benchmark, Row } from "./benchmark.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { find } from "./find.ts";
import { findPages } from "./find_pages.ts";
import { inFlight } from "./in_flight.ts";
import { lateness } from "./lateness.ts";
import { limiter } from "./limiter.ts";
import { load } from "./load.ts";
import { loop } from "./loop.ts";
import { recorder } from "./metrics.ts";
import { metricsOverhead } from "./metrics_overhead.ts";
import { peers } from "./peers.ts";
import { pipeline } from "./pipeline.ts";
import { precision } from "./precision.ts";
import { Children } from "./processes.ts";
import { formatRows, isMet } from "./report.ts";
import { processes } from "./process_rates.ts";
import { reload } from "./reload.ts";
import { routes } from "./routes.ts";
import { sampling } from "./sampling.ts";
import { scrape } from "./scrape.ts";
import { simulate } from "./simulate.ts";
import { shared } from "./shared.ts";
import { soak } from "./soak.ts";
import { start } from "./start.ts";
import { steps } from "./steps.ts";
import { stress } from "./stress.ts";
import { throughput } from "./throughput.ts";
import { wire } from "./wire.ts";

/** All benchmarks, in the order in which they run. */
const BENCHMARKS: readonly Benchmark[] = [
  steps,
  lateness,
  precision,
  throughput,
  peers,
  processes,
  inFlight,
  loop,
  start,
  pipeline,
  simulate,
  limiter,
  shared,
  load,
  sampling,
  recorder,
  metricsOverhead,
  scrape,
  reload,
  routes,
  wire,
  find,
  findPages,
  stress,
  soak,
];

/** Default duration of the long runs, in minutes. */
const MINUTES = 10;

/** Load average above which a warning about other work is printed. */
const QUIET = 0.3;

const USAGE =
  `Usage: deno task bench [name…] [--out FILE] [--minutes N] [--quick]
  --out FILE   write the figures as JSON
  --minutes N  duration of the long runs (load, soak); default ${MINUTES}
  --quick      run for seconds, to show that the benchmarks work; the figures mean nothing
Environment variables:
  PERFMOCK_ENGINES    engines to compare, such as deno; default native,deno
  PERFMOCK_PEER_NAME  URL of another mock server that the benchmark peers loads
Benchmarks (default: all):
${BENCHMARKS.map(({ name, measures }) => `  ${name}: ${measures}`).join("\n")}`;

/** Parsed arguments. */
interface Choice {
  readonly chosen: readonly Benchmark[];
  readonly out: string | undefined;
  readonly quick: boolean;
  readonly minutes: number;
  readonly help: boolean;
}

/** Result of one benchmark. */
interface Finding {
  readonly name: string;
  readonly measures: string;
  readonly seconds: number;
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * Runs the benchmarks that the arguments name.
 *
 * @returns the exit status: 0 on success, 1 if a benchmark failed to complete, 2 if the arguments are invalid
 */
export async function main(args: string[]): Promise<number> {
  const choice = readArguments(args);
  if (typeof choice === "string") {
    print(`Cannot run the benchmarks: ${choice}\n\n${USAGE}`);
    return 2;
  }
  if (choice.help) {
    print(USAGE);
    return 0;
  }
  const machine = describeMachine();
  introduce(machine, choice.quick);
  const findings: Finding[] = [];
  for (const benchmark of choice.chosen) {
    try {
      findings.push(await runOne(benchmark, choice));
    } catch (error) {
      print(`\nCannot finish ${benchmark.name}: ${describe(error)}`);
    }
  }
  await save(choice, machine, findings);
  return findings.length === choice.chosen.length ? 0 : 1;
}

/** Prints the machine, and conditions that make the figures less reliable. */
function introduce(machine: Machine, quick: boolean): void {
  const { cores, processor, system, deno, load } = machine;
  print(`${cores} cores, ${processor}, ${system}, Deno ${deno}`);
  if (load > QUIET) {
    print(
      `Other work kept ${
        load.toFixed(1)
      } cores busy in the last minute and may have made the figures worse`,
    );
  }
  if (quick) {
    print(
      "Quick run: shows that the benchmarks work; the figures mean nothing",
    );
  }
}

function readArguments(args: string[]): Choice | string {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: "string" },
        minutes: { type: "string", default: String(MINUTES) },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const names = BENCHMARKS.map(({ name }) => name);
    for (const name of positionals) {
      if (names.includes(name)) continue;
      const meant = suggest(name, names);
      return `there is no benchmark "${name}"${
        meant === undefined ? "" : `, did you mean "${meant}"?`
      }`;
    }
    const chosen = BENCHMARKS.filter(({ name }) =>
      positionals.length === 0 || positionals.includes(name)
    );
    const minutes = Number(values.minutes);
    if (!(minutes > 0 && minutes < Infinity)) {
      return `--minutes must be a number greater than 0, received "${values.minutes}"`;
    }
    return { ...values, chosen, out: values.out, minutes };
  } catch (error) {
    return describe(error);
  }
}

/** Runs one benchmark. Stops its child processes afterwards, also if it fails. */
async function runOne(
  benchmark: Benchmark,
  { quick, minutes }: Choice,
): Promise<Finding> {
  const { name, measures } = benchmark;
  print(`\n${name}: ${measures}`);
  await using children = new Children();
  using _signals = endOnSignals(children);
  const notes: string[] = [];
  const start = performance.now();
  const rows = await benchmark.run({
    quick,
    minutes,
    children,
    note: (line) => {
      if (notes.includes(line)) return;
      notes.push(line);
      print(`  ${line}`);
    },
  });
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  print(formatRows(rows).join("\n"));
  return { name, measures, seconds, notes, rows };
}

/** Stops the child processes and exits when the run is interrupted. */
function endOnSignals(children: Children): Disposable {
  const end = async () => {
    await children[Symbol.asyncDispose]();
    Deno.exit(130);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, end);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) Deno.removeSignalListener(signal, end);
    },
  };
}

async function save(
  { out, quick }: Choice,
  machine: Machine,
  findings: readonly Finding[],
): Promise<void> {
  if (out === undefined) return;
  const benchmarks = findings.map((finding) => ({
    ...finding,
    rows: finding.rows.map((row) => ({
      ...row,
      targets: row.targets?.map((target) => ({
        ...target,
        met: isMet(row, target),
      })),
    })),
  }));
  const text = JSON.stringify({ machine, quick, benchmarks }, null, 2);
  await Deno.writeTextFile(out, `${text}\n`);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
