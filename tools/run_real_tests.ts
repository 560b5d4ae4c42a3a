/**
 * `deno task test:real`: runs the tests that need installed software, such as Debian's `prometheus`. PERFMOCK_REQUIRE_REAL
 * makes them fail if it is missing.
 *
 * @module
 */
import { deno, print, readIfThere } from "./run.ts";
import { parseJUnit } from "./junit.ts";

async function main(args: readonly string[]): Promise<number> {
  const temporary = await Deno.makeTempDir({ prefix: "perfmock-real-" });
  try {
    const junit = `${temporary}/junit.xml`;
    const code = await deno(
      ["test", "-A", `--junit-path=${junit}`, "tests/real", ...args],
      { PERFMOCK_REQUIRE_REAL: "1" },
    );
    const { cases } = parseJUnit(await readIfThere(junit));
    const passed = cases.filter((test) => test.outcome === "passed").length;
    const failed = cases.length - passed;
    // A module that cannot be loaded fails the run but has no test case in the report.
    print(
      `${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`,
    );
    return code === 0 && failed > 0 ? 1 : code;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
