import assert from "node:assert/strict";
import { assertIssue, compile, issuesIn } from "./_compile.ts";
import { withFile } from "./_file.ts";

Deno.test("empirical draws each measured time as often as it was measured", () => {
  const distribution = compile({
    empirical: { values: [30, "10ms", 20, 20] },
  });
  const { quantile, survivalQuantile } = distribution;
  assert.deepEqual(
    [0, 0.25, 0.26, 0.5, 0.75, 0.76, 1].map((u) => quantile?.(u)),
    [10, 10, 20, 20, 20, 30, 30],
  );
  assert.deepEqual(
    [1, 0.8, 0.74, 0.26, 0.24, 0].map((v) => survivalQuantile?.(v)),
    [10, 10, 20, 20, 30, 30],
  );
  assert.equal(distribution.mean, 20);
  assert.equal(distribution.standardDeviation, Math.sqrt(50));
  assert.deepEqual([9, 10, 20, 30].map((x) => distribution.cdf(x)), [
    0,
    0.25,
    0.75,
    1,
  ]);
  assert.equal(distribution.survival(20), 0.25);
});

Deno.test("empirical reads a file with one number on each line, a header and blank lines", () => {
  withFile("duration_ms\r\n12.5\r\n\r\n  7 \n1e1", (file) => {
    const distribution = compile({ empirical: { file } });
    assert.equal(distribution.mean, 29.5 / 3);
  });
});

Deno.test("empirical reads numbers separated by commas, semicolons or tabs", () => {
  withFile("1,2;3\t4\n5", (file) => {
    assert.equal(compile({ empirical: { file } }).mean, 3);
  });
});

Deno.test("empirical reads a UTF-8 character that crosses the end of a buffer", () => {
  const header = `${"ä".repeat(40_000)}\n`;
  withFile(`${header}8`, (file) => {
    assert.equal(compile({ empirical: { file } }).mean, 8);
  });
  withFile(`x${header}8`, (file) => {
    assert.equal(compile({ empirical: { file } }).mean, 8);
  });
});

Deno.test("empirical reads every number of a file larger than its buffer", () => {
  const count = 50_000;
  let sum = 0;
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    sum += i / 8;
    lines.push(`${i / 8}`);
  }
  withFile(lines.join("\n"), (file) => {
    const distribution = compile({ empirical: { file } });
    assert.equal(distribution.mean, sum / count);
    assert.equal(distribution.quantile?.(1), (count - 1) / 8);
  });
});

Deno.test("empirical names the lines that have no time", () => {
  withFile("12\nsoon\n\n3,-1\n4,\n5", (file) => {
    const issues = issuesIn({ empirical: { file } });
    assert.deepEqual(
      issues.map(({ path, message }) => [path, message]),
      [
        ["/file", "Line 2 has no time"],
        ["/file", "Line 4 has no time"],
        ["/file", "Line 5 has no time"],
      ],
    );
    assert.match(issues[0].allowed ?? "", /milliseconds/);
    assert.equal(issues[0].value, file);
  });
});

Deno.test("empirical reports ten errors of a file and the number of the others", () => {
  withFile(`1\n${"x\n".repeat(25)}`, (file) => {
    const issues = issuesIn({ empirical: { file } });
    assert.equal(issues.length, 11);
    assert.equal(issues[10].message, "Further lines with errors: 15");
  });
});

Deno.test("empirical refuses a file with more times than it may have, however many are in a line", () => {
  const line = "1,".repeat(1000).slice(0, -1);
  withFile(`${line}\n`.repeat(1000), (file) => {
    assert.equal(compile({ empirical: { file } }).mean, 1);
  });
  withFile(`${`${line}\n`.repeat(1000)}1`, (file) => {
    const [{ message, allowed }] = issuesIn({ empirical: { file } });
    assert.equal(
      message,
      "Cannot read the file: it has more than 1000000 times",
    );
    assert.equal(allowed, "at most 1000000 times");
  });
});

Deno.test("empirical refuses a table of several columns", () => {
  withFile("time,elapsed\n1,2", (file) => {
    assertIssue({ empirical: { file } }, "/file", /Line 1 names 2 columns/);
  });
});

Deno.test("empirical refuses a file without times and one that cannot be read", () => {
  for (const text of ["", "\n\n", "header\n"]) {
    withFile(text, (file) => {
      assertIssue({ empirical: { file } }, "/file", /has no times/);
    });
  }
  assertIssue(
    { empirical: { file: "missing.csv" } },
    "/file",
    /^Cannot read the file: there is no such file/,
  );
  assertIssue({ empirical: { file: "." } }, "/file", /^Cannot read the file: /);
});

Deno.test("empirical refuses empty values, negative ones, and values beside a file", () => {
  assertIssue({ empirical: { values: [] } }, "/values", /at least 1/);
  assertIssue({ empirical: { values: [1, -1] } }, "/values/1", /at least 0/);
  assertIssue({ empirical: { values: [NaN] } }, "/values/0", /NaN/);
  assertIssue({ empirical: {} }, "", /exactly values, or file/);
  assertIssue(
    { empirical: { values: [1], file: "times.csv" } },
    "",
    /received values, file/,
  );
});
