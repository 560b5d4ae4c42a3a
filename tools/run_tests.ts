/**
 * `deno task test`: runs all tests that need no installed server, writes test_results.json, and checks coverage. In CI
 * (`CI=true`) it also fails if the tests or outcomes in the committed test_results.json differ.
 *
 * Each test file runs once, in the group named in the file: see tools/test_groups.ts. Only the profiled group counts for coverage:
 * the profiler slows code down and delays the start and end of threads by up to one second, so tests that measure time run
 * without it.
 *
 * With arguments (`deno task test tests/core`, `--filter lognormal`) it runs `deno test -A` with these arguments, and
 * neither writes results nor checks coverage.
 *
 * @module
 */
import {
  judge,
  needsRedis,
  parseLcov,
  profiledScripts,
  table,
  unloaded,
} from "./coverage.ts";
import { program as redisProgram } from "../tests/support/redis.ts";
import { deno, denoQuietly, print, readIfThere, root, sources } from "./run.ts";
import { type Group, groupOf } from "./test_groups.ts";
import {
  convert,
  differences,
  failures,
  serialise,
  type TestResults,
} from "./test_results.ts";

/** Tests that need installed software, which `deno task test:real` runs. */
const REAL = "tests/real";

/** Number of parallel profiled test files: more than there are cores, because tests often wait for servers and threads. */
const PROFILED_JOBS = navigator.hardwareConcurrency + 1;

/** Number of files at a time that mostly wait, and must find a core whenever they do not. */
const CALM_JOBS = navigator.hardwareConcurrency + 1;

async function testFiles(): Promise<Record<Group, string[]>> {
  const files: Record<Group, string[]> = {
    profiled: [],
    unprofiled: [],
    calm: [],
    alone: [],
  };
  for (const path of await sources("tests")) {
    if (!path.endsWith("_test.ts") || path.startsWith(`${REAL}/`)) continue;
    files[groupOf(await Deno.readTextFile(`${root}/${path}`))].push(path);
  }
  return files;
}

/** Result of one group. */
interface GroupResult {
  /** Exit status of `deno test`. */
  readonly code: number;
  /** JUnit report; empty if there is none. */
  readonly junit: string;
}

/** Runs the files of one group. With `later` the output is printed at the end, for a group that runs beside another. */
async function runGroup(
  group: Group,
  files: readonly string[],
  options: {
    readonly temporary: string;
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
    readonly later?: boolean;
  },
): Promise<GroupResult> {
  if (files.length === 0) return { code: 0, junit: "" };
  const { temporary, args = [], env = {}, later = false } = options;
  const begin = Date.now();
  const report = `${temporary}/${group}.xml`;
  const all = [
    "test",
    "-A",
    // checkTypes() checks the types of all files once.
    "--no-check",
    `--junit-path=${report}`,
    ...args,
    ...files,
  ];
  let code: number;
  if (later) {
    const run = await denoQuietly(all, env);
    print(run.output);
    code = run.code;
  } else code = await deno(all, env);
  const seconds = ((Date.now() - begin) / 1000).toFixed(0);
  print(`${files.length} ${group} files ran in ${seconds} s`);
  return { code, junit: await readIfThere(report) };
}

async function runAll(temporary: string): Promise<TestResults> {
  const started = new Date();
  const files = await testFiles();
  const coverage = `${temporary}/coverage`;
  const results = await Promise.all([
    runGroup("profiled", files.profiled, {
      temporary,
      args: [
        "--parallel",
        `--coverage=${coverage}`,
        "--coverage-raw-data-only",
      ],
      env: {
        DENO_JOBS: `${PROFILED_JOBS}`,
        // Processes that the tests start also write their profiles there.
        DENO_COVERAGE_DIR: coverage,
      },
    }),
    runGroup("unprofiled", files.unprofiled, {
      temporary,
      args: ["--parallel"],
      later: true,
    }),
  ]);
  results.push(
    await runGroup("calm", files.calm, {
      temporary,
      args: ["--parallel"],
      env: { DENO_JOBS: `${CALM_JOBS}` },
    }),
  );
  results.push(await runGroup("alone", files.alone, { temporary }));
  const exitCode = results.find(({ code }) => code !== 0)?.code ?? 0;
  const junit = results.map(({ junit }) => junit);
  return convert({
    junit,
    exitCode,
    modules: Object.values(files).flat(),
    root,
    started,
    seconds: (Date.now() - started.getTime()) / 1000,
    environment: {
      Deno: Deno.version.deno,
      V8: Deno.version.v8,
      TypeScript: Deno.version.typescript,
      Platform: `${Deno.build.os} ${Deno.build.arch}`,
    },
  });
}

/** Checks the coverage profiles in a folder. Prints the shortfalls and returns their number. */
async function judgeCoverage(directory: string): Promise<number> {
  const [{ code, output }, loaded] = await Promise.all([
    denoQuietly([
      "coverage",
      "--lcov",
      `--include=^file://${root}/(core|plugins)/`,
      directory,
    ]),
    profiledScripts(directory),
  ]);
  if (code !== 0) {
    print(output);
    return 1;
  }
  const isJudged = (path: string) =>
    redisProgram !== undefined || !needsRedis(path);
  const files = parseLcov(output, root).filter(({ path }) => isJudged(path));
  const folders = judge(files);
  print(table(folders));
  if (redisProgram === undefined) {
    print("  Without the files that need Redis, since none is installed");
  }
  const all = (await sources("core", "plugins")).filter(isJudged);
  const missing = unloaded(all, loaded, root);
  for (const path of missing) print(`! ${path}: no test loads it`);
  const short = folders.filter((folder) => !folder.ok).length + missing.length;
  if (short > 0) print(`! Coverage is too low in ${short} places`);
  return short;
}

/** Prints the differences from the committed results and returns their number. */
function compareWithCommitted(committed: string, fresh: TestResults): number {
  if (committed === "") {
    print("! test_results.json is missing: run `deno task test`, commit it");
    return 1;
  }
  const lines = differences(JSON.parse(committed), fresh);
  if (lines.length > 0) {
    print("! test_results.json does not match this tree:");
    for (const line of lines) print(`    ${line}`);
    print("  Run `deno task test` and commit test_results.json");
  }
  return lines.length;
}

/** Checks the types of all tests and of their imports. Returns 0, or prints the errors and returns 1. */
async function checkTypes(): Promise<number> {
  const { code, output } = await denoQuietly(["check", "--quiet", "tests"]);
  if (code === 0) return 0;
  print(output);
  print("! The type check of the tests failed");
  return 1;
}

async function runTests(): Promise<number> {
  const temporary = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  try {
    const file = `${root}/test_results.json`;
    const committed = await readIfThere(file);
    const types = checkTypes();
    const results = await runAll(temporary);
    const wrong = await types;
    await Deno.writeTextFile(file, serialise(results));
    const stale = Deno.env.get("CI") === "true"
      ? compareWithCommitted(committed, results)
      : 0;
    const failed = failures(results) + wrong;
    for (const { nodeid, outcome, longrepr } of results.collectors) {
      if (outcome === "failed") print(`! ${nodeid || "tests"}: ${longrepr}`);
    }
    for (const { nodeid, outcome } of results.tests) {
      if (outcome === "failed") print(`! ${nodeid}`);
    }
    if (failed > 0) print("! Coverage is not checked, because tests failed");
    const uncovered = failed > 0
      ? 0
      : await judgeCoverage(`${temporary}/coverage`);
    print(
      `${results.summary.passed} passed, ` +
        `${failed + (stale > 0 ? 1 : 0) + (uncovered > 0 ? 1 : 0)} failed`,
    );
    return failed + stale + uncovered === 0 ? results.exitcode : 1;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

if (import.meta.main) {
  Deno.exit(
    Deno.args.length === 0
      ? await runTests()
      : await deno(["test", "-A", `--ignore=${REAL}`, ...Deno.args]),
  );
}
