import { deepEqual, equal, throws } from "node:assert/strict";
import { parseJUnit } from "../../tools/junit.ts";

Deno.test("parseJUnit() reads an empty text as an empty report", () => {
  deepEqual(parseJUnit(" \n"), { modules: [], cases: [] });
});

Deno.test("parseJUnit() throws if the text is not XML", () => {
  throws(() => parseJUnit("<testsuites><testsuite>"), /JUnit report/);
});

Deno.test("parseJUnit() reads the report that deno test writes", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const module = `${directory}/sample_test.ts`;
    await Deno.writeTextFile(
      module,
      `Deno.test("a <b> & c", async (t) => { await t.step("fails", () => { throw new Error("]]> \\u001b[31mred"); }); });
       Deno.test("ignored", { ignore: true }, () => {});`,
    );
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--no-config",
        "--no-check",
        `--junit-path=${directory}/junit.xml`,
        module,
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    equal(code, 1);
    const report = parseJUnit(
      await Deno.readTextFile(`${directory}/junit.xml`),
    );
    deepEqual(
      report.cases.map((test) => [test.name, test.outcome, test.message]),
      [
        ["a <b> & c", "failed", "1 test step failed"],
        ["ignored", "skipped", ""],
        ["a <b> & c > fails", "failed", "Uncaught Error: ]]> red"],
      ],
    );
    equal(report.modules.length, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
