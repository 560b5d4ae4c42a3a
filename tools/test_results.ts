/**
 * Converts a run of `deno test` to the schema of pytest-json-report, which test_results.json uses.
 *
 * The result is the same on every machine: tests are sorted, durations rounded, and paths relative. Deno has no set-up and
 * tear-down phases, so the whole duration of a test is that of its call. A test step is listed as a separate test.
 *
 * @module
 */
import { type JUnitCase, parseJUnit } from "./junit.ts";

/** Outcome of a test or of one of its phases. */
export type Outcome = "passed" | "failed" | "skipped";

/** One phase of a test. */
export interface Phase {
  /** Duration in seconds, rounded. */
  readonly duration: number;
  /** Outcome. */
  readonly outcome: Outcome;
  /** Error in one line; failed phases only. */
  readonly crash?: { readonly message: string };
  /** Error with its stack; failed phases only. */
  readonly longrepr?: string;
}

/** One test. */
export interface TestResult {
  /** `module::name`, unique. */
  readonly nodeid: string;
  /** Line at which the test is registered, from 0. */
  readonly lineno: number;
  /** Outcome. */
  readonly outcome: Outcome;
  /** Phase before the test function. */
  readonly setup: Phase;
  /** The test function; absent if the test was skipped. */
  readonly call?: Phase;
  /** Phase after the test function. */
  readonly teardown: Phase;
}

/** One module, or the whole run (nodeid `""`). */
export interface Collector {
  /** Path of the module; `""` for the whole run. */
  readonly nodeid: string;
  /** `"failed"` if the module could not be loaded or run completely. */
  readonly outcome: "passed" | "failed";
  /** All modules if this is the whole run; empty for a module, whose tests are identified by their nodeid. */
  readonly result: readonly {
    readonly nodeid: string;
    readonly type: "Module";
  }[];
  /** Reason of the failure. */
  readonly longrepr?: string;
}

/** A run, in the schema of pytest-json-report. */
export interface TestResults {
  /** Start, in whole seconds since 1970. */
  readonly created: number;
  /** Duration in seconds, rounded. */
  readonly duration: number;
  /** Exit status of `deno test`. */
  readonly exitcode: number;
  /** Base of all relative paths. */
  readonly root: ".";
  /** Versions and platform. */
  readonly environment: Readonly<Record<string, string>>;
  /** Numbers of tests. */
  readonly summary: {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly total: number;
    readonly collected: number;
  };
  /** The whole run, then all modules. */
  readonly collectors: readonly Collector[];
  /** All tests and steps, by nodeid. */
  readonly tests: readonly TestResult[];
}

/** One run of all tests, in one or more processes. */
export interface Run {
  /** JUnit reports, one for each process; an empty text if a process wrote none. */
  readonly junit: readonly string[];
  /** First exit status of `deno test` other than 0; 0 if there is none. */
  readonly exitCode: number;
  /** Relative paths of the test modules that should have run. */
  readonly modules: readonly string[];
  /** Absolute path of the repository, which is removed from all messages. */
  readonly root: string;
  /** Start. */
  readonly started: Date;
  /** Duration in seconds. */
  readonly seconds: number;
  /** Versions and platform. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Converts a run to the schema of test_results.json. */
export function convert(run: Run): TestResults {
  const reports = run.junit.map(parseJUnit);
  const clean = (text: string) =>
    text.replaceAll(`file://${run.root}/`, "").replaceAll(`${run.root}/`, "");
  const tests = toTests(reports.flatMap(({ cases }) => cases), clean);
  const modules = reports.flatMap(({ modules }) => modules.map(relative));
  const collectors = collect(run, modules, tests);
  const count = (outcome: Outcome) =>
    tests.filter((test) => test.outcome === outcome).length;
  return {
    created: Math.floor(run.started.getTime() / 1000),
    duration: round(run.seconds),
    exitcode: run.exitCode,
    root: ".",
    environment: run.environment,
    summary: {
      passed: count("passed"),
      failed: count("failed"),
      skipped: count("skipped"),
      total: tests.length,
      collected: tests.length,
    },
    collectors,
    tests,
  };
}

/** Returns the number of failed tests and of modules that could not be run. */
export function failures(results: TestResults): number {
  const broken = results.collectors.filter((c) => c.outcome === "failed");
  return results.summary.failed + broken.length;
}

/** Returns the text of test_results.json, with one line for each collector and test. */
export function serialise(results: TestResults): string {
  const { collectors, tests, ...head } = results;
  const fields = [
    ...Object.entries(head).map(([key, value]) =>
      `${JSON.stringify(key)}: ${JSON.stringify(value)}`
    ),
    `"collectors": ${lines(collectors)}`,
    `"tests": ${lines(tests)}`,
  ];
  return `{\n${fields.join(",\n")}\n}\n`;
}

function lines(items: readonly unknown[]): string {
  if (items.length === 0) return "[]";
  return `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
}

/**
 * Returns the differences between two runs, one line each: in the set of tests, in outcomes, and in modules that could not be run.
 * Times, line numbers and the environment may differ.
 */
export function differences(
  committed: TestResults,
  fresh: TestResults,
): string[] {
  const before = outcomes(committed);
  const after = outcomes(fresh);
  return [...new Set([...before.keys(), ...after.keys()])].toSorted()
    .filter((id) => before.get(id) !== after.get(id))
    .map((id) =>
      `${id || "the whole run"}: committed ${before.get(id) ?? "absent"}, ` +
      `now ${after.get(id) ?? "absent"}`
    );
}

function outcomes(results: TestResults): Map<string, string> {
  return new Map(
    [...results.collectors, ...results.tests].map((
      { nodeid, outcome },
    ) => [nodeid, outcome]),
  );
}

function toTests(
  cases: readonly JUnitCase[],
  clean: (text: string) => string,
): TestResult[] {
  const seen = new Map<string, number>();
  return cases
    .map((test) => ({ ...test, id: `${relative(test.module)}::${test.name}` }))
    .toSorted((a, b) => compare(a.id, b.id) || a.line - b.line)
    .map((test) => {
      const nth = (seen.get(test.id) ?? 0) + 1;
      seen.set(test.id, nth);
      const skipped = test.outcome === "skipped";
      const idle: Phase = { duration: 0, outcome: "passed" };
      return {
        nodeid: nth === 1 ? test.id : `${test.id} #${nth}`,
        lineno: test.line - 1,
        outcome: test.outcome,
        setup: skipped ? { ...idle, outcome: "skipped" } : idle,
        ...(skipped ? {} : { call: toCall(test, clean) }),
        teardown: idle,
      };
    });
}

function toCall(test: JUnitCase, clean: (text: string) => string): Phase {
  const phase = { duration: round(test.seconds), outcome: test.outcome };
  return test.outcome === "passed" ? phase : {
    ...phase,
    crash: { message: clean(test.message) },
    longrepr: clean(test.detail),
  };
}

function collect(
  run: Run,
  loaded: readonly string[],
  tests: readonly TestResult[],
): Collector[] {
  const modules = [...new Set([...run.modules, ...loaded])].toSorted(compare)
    .map((nodeid): Collector =>
      loaded.includes(nodeid)
        ? { nodeid, outcome: "passed", result: [] }
        : { nodeid, outcome: "failed", result: [], longrepr: NOT_RUN }
    );
  const blamed = modules.some((module) => module.outcome === "failed") ||
    tests.some((test) => test.outcome === "failed");
  const result = modules.map(({ nodeid }) => ({
    nodeid,
    type: "Module" as const,
  }));
  const whole: Collector = run.exitCode === 0 || blamed
    ? { nodeid: "", outcome: "passed", result }
    : { nodeid: "", outcome: "failed", result, longrepr: UNEXPLAINED };
  return [whole, ...modules];
}

const NOT_RUN =
  "The module is missing from the report: it does not compile, threw an error when loaded, or contains no test";
const UNEXPLAINED = "deno test failed, but its report names no failure";

function relative(module: string): string {
  return module.replace(/^\.\//, "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Rounds to tenths below one second and to whole seconds above, so that two runs of one tree differ in few lines. */
function round(seconds: number): number {
  return seconds < 1 ? Math.round(seconds * 10) / 10 : Math.round(seconds);
}
