import { deepEqual, equal, throws } from "node:assert/strict";
import {
  absentRows,
  chosenEngines,
  isKnown,
  onEngine,
  withEngine,
} from "./engines.ts";
import { isMet } from "./report.ts";

Deno.test("chosenEngines() returns all engines, or those that are named, in the order of the tables", () => {
  deepEqual(chosenEngines(""), ["native", "deno"]);
  deepEqual(chosenEngines("deno"), ["deno"]);
  deepEqual(chosenEngines("deno, native"), ["native", "deno"]);
  throws(() => chosenEngines("bun"), /must be names of native and deno/);
});

Deno.test("withEngine() keeps the other settings of the server", () => {
  const config = { seed: 1, server: { port: 0 } };
  deepEqual(withEngine(config, "deno"), {
    seed: 1,
    server: { port: 0, engine: "deno" },
  });
});

Deno.test("isKnown() tells the engines that a configuration may name", async () => {
  equal(await isKnown("deno"), true);
  equal(await isKnown("abacus"), false);
});

Deno.test("absentRows() says that an engine does not run, and its targets are missed", () => {
  const label = onEngine("native");
  const target = { column: "p99 ms", atMost: 1 };
  const [row] = absentRows([label], ["p50 ms", "p99 ms"], {
    prefix: "20, ",
    targets: () => [target],
  });
  equal(row.what, "20, perfmock, engine native");
  deepEqual(row.values, { "p50 ms": "does not run", "p99 ms": NaN });
  equal(isMet(row, target), false);
});
