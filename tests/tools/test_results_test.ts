import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  convert,
  differences,
  failures,
  type Run,
  serialise,
} from "../../tools/test_results.ts";

const JUNIT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="2.4">
  <testsuite name="./tests/b_test.ts" tests="1" disabled="1" errors="0" failures="0">
    <testcase name="waits" classname="./tests/b_test.ts" time="0.000" line="3" col="6">
      <skipped/>
    </testcase>
  </testsuite>
  <testsuite name="./tests/a_test.ts" tests="5" disabled="0" errors="0" failures="2">
    <testcase name="p &gt; 0" classname="./tests/a_test.ts" time="0.149" line="9" col="6"></testcase>
    <testcase name="draws &lt;one&gt; &amp; only" classname="./tests/a_test.ts" time="2.4" line="4" col="6">
      <failure message="Uncaught Error: in file:///home/ann/perfmock/core/x.ts">Error: no
    at file:///home/ann/perfmock/tests/a_test.ts:5:37
    at /home/ann/perfmock/core/x.ts</failure>
    </testcase>
    <testcase name="twice" classname="./tests/a_test.ts" time="0.0" line="7" col="6"></testcase>
    <testcase name="twice" classname="./tests/a_test.ts" time="0.0" line="6" col="6">
      <error message="Cancelled"/>
    </testcase>
    <testcase name="p &gt; 0 &gt; a step" classname="./tests/a_test.ts" time="0.0" line="10" col="9"></testcase>
  </testsuite>
</testsuites>`;

function run(changes: Partial<Run> = {}): Run {
  return {
    junit: [JUNIT],
    exitCode: 1,
    modules: ["tests/a_test.ts", "tests/b_test.ts"],
    root: "/home/ann/perfmock",
    started: new Date("2026-01-02T03:04:05.678Z"),
    seconds: 3.7,
    environment: { Deno: "2.9.6" },
    ...changes,
  };
}

Deno.test("convert() sorts tests by module and name and numbers equal names by line", () => {
  const { tests } = convert(run());
  deepEqual(tests.map((t) => [t.nodeid, t.lineno, t.outcome]), [
    ["tests/a_test.ts::draws <one> & only", 3, "failed"],
    ["tests/a_test.ts::p > 0", 8, "passed"],
    ["tests/a_test.ts::p > 0 > a step", 9, "passed"],
    ["tests/a_test.ts::twice", 5, "failed"],
    ["tests/a_test.ts::twice #2", 6, "passed"],
    ["tests/b_test.ts::waits", 2, "skipped"],
  ]);
});

Deno.test("convert() rounds durations to tenths below a second, to seconds above", () => {
  const results = convert(run());
  deepEqual(results.tests.map((t) => t.call?.duration), [
    2,
    0.1,
    0,
    0,
    0,
    undefined,
  ]);
  equal(results.duration, 4);
  equal(results.created, Date.UTC(2026, 0, 2, 3, 4, 5) / 1000);
});

Deno.test("convert() counts outcomes and keeps the exit status", () => {
  const { summary, exitcode, root } = convert(run());
  deepEqual(summary, {
    passed: 3,
    failed: 2,
    skipped: 1,
    total: 6,
    collected: 6,
  });
  equal(exitcode, 1);
  equal(root, ".");
});

Deno.test("convert() removes the absolute path of the repository from failures", () => {
  const results = convert(run());
  const call = results.tests[0].call;
  equal(call?.crash?.message, "Uncaught Error: in core/x.ts");
  equal(
    call?.longrepr,
    "Error: no\n    at tests/a_test.ts:5:37\n    at core/x.ts",
  );
  ok(!serialise(results).includes("/home/"));
});

Deno.test("convert() gives a skipped test no call", () => {
  const test = convert(run()).tests.at(-1);
  equal(test?.setup.outcome, "skipped");
  ok(test && !("call" in test));
});

Deno.test("convert() lists the whole run with its modules, and each module, as collectors", () => {
  const { collectors } = convert(run());
  deepEqual(collectors.map((c) => [c.nodeid, c.outcome, c.result.length]), [
    ["", "passed", 2],
    ["tests/a_test.ts", "passed", 0],
    ["tests/b_test.ts", "passed", 0],
  ]);
});

Deno.test("convert() reports a module that is missing from the report as failed", () => {
  const results = convert(run({
    modules: ["tests/a_test.ts", "tests/b_test.ts", "tests/c_test.ts"],
  }));
  const broken = results.collectors.at(-1);
  equal(broken?.nodeid, "tests/c_test.ts");
  equal(broken?.outcome, "failed");
  match(broken?.longrepr ?? "", /threw an error when loaded/);
  equal(failures(results), 3);
});

Deno.test("convert() merges the reports of several processes", () => {
  const [start, first, second] = JUNIT.split("<testsuite ");
  const half = (suite: string) =>
    `${start}<testsuite ${suite.replace("</testsuites>", "")}</testsuites>`;
  deepEqual(
    convert(run({ junit: [half(first), half(second)] })),
    convert(run()),
  );
});

Deno.test("convert() reports the whole run as failed if the exit status is not 0 but no test failed", () => {
  const junit =
    '<testsuites><testsuite name="./tests/a_test.ts"></testsuite></testsuites>';
  const results = convert(
    run({ junit: [junit], modules: ["tests/a_test.ts"], exitCode: 1 }),
  );
  equal(results.collectors[0].outcome, "failed");
  equal(failures(results), 1);
});

Deno.test("convert() reports all modules as failed if there is no report", () => {
  const results = convert(run({ junit: [""], exitCode: 0 }));
  equal(failures(results), 2);
  equal(results.summary.total, 0);
});

Deno.test("differences() ignores times, line numbers and the environment", () => {
  const later = convert(run({
    junit: [
      JUNIT.replaceAll('line="9"', 'line="90"').replaceAll("2.4", "9.9"),
    ],
    started: new Date("2027-01-01T00:00:00Z"),
    seconds: 100,
    environment: { Deno: "3.0.0" },
  }));
  deepEqual(differences(convert(run()), later), []);
});

Deno.test("differences() names tests that are new, missing, or have another outcome", () => {
  const fresh = convert(run({
    junit: [
      JUNIT.replace('name="waits"', 'name="waits longer"')
        .replace('<error message="Cancelled"/>', ""),
    ],
  }));
  deepEqual(differences(convert(run()), fresh), [
    "tests/a_test.ts::twice: committed failed, now passed",
    "tests/b_test.ts::waits: committed skipped, now absent",
    "tests/b_test.ts::waits longer: committed absent, now skipped",
  ]);
});

Deno.test("serialise() writes the same text for the same run, one line for each test and collector", () => {
  const results = convert(run());
  const text = serialise(results);
  equal(serialise(convert(run())), text);
  deepEqual(JSON.parse(text), results);
  const lines = text.split("\n");
  for (const item of [...results.tests, ...results.collectors]) {
    equal(lines.filter((l) => l.startsWith(JSON.stringify(item))).length, 1);
  }
});
