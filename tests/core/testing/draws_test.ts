import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { AssertionError } from "node:assert";
import {
  assertSameDraws,
  createTestServer,
  drawsOf,
  drawsOfRun,
} from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";

const CONFIG = {
  seed: 42,
  routes: [
    { id: "orders", path: "/orders", serviceTime: "exponential(mean=50ms)" },
    {
      id: "cart",
      path: "/cart",
      serviceTime: { empirical: { values: [0, 9] } },
    },
    { id: "plain", path: "/plain" },
  ],
};

Deno.test("drawsOf() writes the service times that requests then receive, and leaves out routes without any", async () => {
  await using test = await createTestServer(CONFIG);
  const kept = drawsOf(test.server, { count: 30 });
  deepEqual(
    [...new Set(kept.split("\n").map((line) => line.split(" ")[0]))],
    ["orders", "cart", ""],
  );
  await test.measure("/orders", 30);
  await test.measure("/cart", 30);
  const run = drawsOfRun(test.server.requests());
  deepEqual(run.split("\n").toSorted(), kept.split("\n").toSorted());
  assertSameDraws(run, kept);
  assertSameDraws(kept.replaceAll("\n", "\r\n"), kept);
});

Deno.test("drawsOf() writes the routes that are named, with 20 draws by default", async () => {
  await using test = await createTestServer(CONFIG);
  const text = drawsOf(test.server, { routes: ["plain", "orders"] });
  const lines = text.trimEnd().split("\n");
  equal(lines.length, 40);
  equal(lines[0], "plain 0 0.000");
  match(lines[20], /^orders 0 \d+\.\d{3}$/);
  const error = await errorOf(() => drawsOf(test.server, { routes: ["x"] }));
  equal(error.code, "ARGUMENT_INVALID");
});

Deno.test("drawsOf() is the same in every run, and another with another seed", async () => {
  const of = async (seed: number) => {
    await using test = await createTestServer({ ...CONFIG, seed });
    return drawsOf(test.server, { routes: ["orders"], count: 3 });
  };
  equal(await of(42), await of(42));
  ok(await of(42) !== await of(43));
});

Deno.test("assertSameDraws() lists the draws that differ, are missing or are new, ten at most", () => {
  const kept = "a 0 1.000\na 1 2.000\nb 0 3.000\n";
  throws(
    () => assertSameDraws("a 0 1.000\na 1 2.001\na 2 4.000\n", kept),
    (error: Error) => {
      ok(error instanceof AssertionError);
      deepEqual(error.message.split("\n"), [
        "3 draws of 4 differ from the snapshot; a changed seed, route id or service time changes them",
        "  a 1: 2.001 ms, 2.000 ms in the snapshot",
        "  b 0: no draw, 3.000 ms in the snapshot",
        "  a 2: 4.000 ms, not in the snapshot",
      ]);
      return true;
    },
  );
  const many = (time: string) =>
    Array.from({ length: 15 }, (_, n) => `a ${n} ${time}\n`).join("");
  throws(
    () => assertSameDraws(many("1.000"), many("2.000")),
    (error: Error) => {
      const lines = error.message.split("\n");
      equal(lines.length, 12);
      equal(lines[11], "  and 5 more");
      return true;
    },
  );
  throws(
    () => assertSameDraws("a 0 1.000", "a 0 2.000"),
    /^AssertionError.*: 1 draw of 1 differs/,
  );
});

Deno.test("assertSameDraws() of a text with other lines is an error with the line", async () => {
  for (
    const [actual, kept, of] of [
      ["a 0 1.000\nnonsense", "a 0 1.000", "the draws"],
      ["a 0 1.000", "a 0 1.000\n{}", "the snapshot"],
    ]
  ) {
    const error = await errorOf(() => assertSameDraws(actual, kept));
    equal(error.code, "ARGUMENT_INVALID");
    match(error.message, new RegExp(`Line 2 of ${of} is no draw: "`));
  }
});
