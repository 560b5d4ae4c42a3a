/**
 * `deno task test`: runs all tests that need no installed server, writes test_results.json, and judges coverage. In CI
 * (`CI=true`) it also fails where the committed test_results.json tells of other tests or other outcomes.
 *
 * Coverage comes from a second run: the profiler slows code down and delays the start and end of threads by a second,
 * which the tests of time must not be judged by.
 *
 * With arguments (`deno task test tests/core`, `--filter lognormal`) it is `deno test -A` with these arguments: nothing
 * is written or judged.
 *
 * @module
 */
import { judge, parseLcov, table, unloaded } from "./coverage.ts";
import { deno, denoQuietly, print, readIfThere, root, sources } from "./run.ts";
import {
  convert,
  differences,
  failures,
  serialise,
  type TestResults,
} from "./test_results.ts";

/** Needs installed software: `deno task test:real` runs it. */
const REAL = "tests/real";

const ALL = ["test", "-A", `--ignore=${REAL}`];

async function runAll(temporary: string): Promise<TestResults> {
  const started = new Date();
  const exitCode = await deno([
    ...ALL,
    `--junit-path=${temporary}/junit.xml`,
    "tests",
  ]);
  const modules = (await sources("tests"))
    .filter((path) =>
      path.endsWith("_test.ts") && !path.startsWith(`${REAL}/`)
    );
  return convert({
    junit: await readIfThere(`${temporary}/junit.xml`),
    exitCode,
    modules,
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

/** Runs all tests again under the profiler; prints what fell short; returns how many places did. */
async function judgeCoverage(directory: string): Promise<number> {
  print("Measuring coverage");
  const run = await denoQuietly([
    ...ALL,
    // The first run has checked types and judged times: this one may hurry.
    "--no-check",
    "--parallel",
    `--coverage=${directory}`,
    "--coverage-raw-data-only",
    "tests",
    // Commands that the tests start write their profiles there too.
  ], { DENO_COVERAGE_DIR: directory });
  const { code, output } = await denoQuietly(["coverage", "--lcov", directory]);
  if (code !== 0) {
    print(run.output + output);
    return 1;
  }
  const folders = judge(parseLcov(output, root));
  print(table(folders));
  const all = await sources("core", "plugins");
  const missing = unloaded(all, await loadedScripts(directory), root);
  for (const path of missing) print(`! ${path}: no test loads it`);
  const short = folders.filter((folder) => !folder.ok).length + missing.length;
  if (short > 0) {
    print(`! Coverage falls short in ${short} places`);
    if (run.code !== 0) print(`  Under the profiler:\n${run.output}`);
  }
  return short;
}

async function loadedScripts(directory: string): Promise<Set<string>> {
  const urls = new Set<string>();
  for await (const { name } of Deno.readDir(directory)) {
    const profile: unknown = JSON.parse(
      await Deno.readTextFile(`${directory}/${name}`),
    );
    if (
      typeof profile === "object" && profile !== null && "url" in profile
    ) urls.add(String(profile.url));
  }
  return urls;
}

/** Prints where the committed results differ from these; returns how many lines that took. */
function compareWithCommitted(committed: string, fresh: TestResults): number {
  if (committed === "") {
    print("! test_results.json is missing: run `deno task test`, commit it");
    return 1;
  }
  const lines = differences(JSON.parse(committed), fresh);
  if (lines.length > 0) {
    print("! test_results.json tells of another run than this one:");
    for (const line of lines) print(`    ${line}`);
    print("  Run `deno task test` and commit test_results.json");
  }
  return lines.length;
}

async function record(): Promise<number> {
  const temporary = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  try {
    const file = `${root}/test_results.json`;
    const committed = await readIfThere(file);
    const results = await runAll(temporary);
    await Deno.writeTextFile(file, serialise(results));
    const stale = Deno.env.get("CI") === "true"
      ? compareWithCommitted(committed, results)
      : 0;
    const failed = failures(results);
    for (const { nodeid, outcome, longrepr } of results.collectors) {
      if (outcome === "failed") print(`! ${nodeid || "tests"}: ${longrepr}`);
    }
    if (failed > 0) print("! Coverage is judged once all tests pass");
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
      ? await record()
      : await deno([...ALL, ...Deno.args]),
  );
}
