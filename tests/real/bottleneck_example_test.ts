import { equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { createPerfmock } from "../../mod.ts";
import { required } from "./_software.ts";

const FOLDER = new URL("../../examples/bottleneck/", import.meta.url);

const yaml = async (file: string) =>
  parse(await Deno.readTextFile(new URL(file, FOLDER)));

/** Time that the example's page gives the price, and its response time, in ms. */
const PATIENCE = 700;
const PRICE = 120;

Deno.test({
  name:
    "the example's page waits for its product, and breaks where it loses patience with the price",
  ignore: !required,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using server = await createPerfmock(await yaml("perfmock.yaml"), {
      folder: fileURLToPath(FOLDER),
    });
    // Fewer routes than in the example, since the test has to be short.
    const { answer, ok: kept, html } = await server.find({
      ...await yaml("find.yaml"),
      routes: ["product", "price", "recommendations"],
      precision: 0.2,
    });
    const seen = JSON.stringify(answer, null, 1);
    equal(kept, true, seen);
    const verdicts = Object.fromEntries(
      answer.routes.map(({ route, verdict }) => [route, verdict]),
    );
    equal(verdicts.product, "critical", seen);
    equal(verdicts.price, "hidden", seen);
    equal(verdicts.recommendations, "hidden", seen);
    const [{ breaksAt }] = answer.cliffs;
    ok(breaksAt !== null, seen);
    // The second attempt takes the page far beyond its budget.
    ok(Math.abs(breaksAt.value - (PATIENCE - PRICE)) < 60, seen);
    match(await html(), /<svg/);
  },
});
