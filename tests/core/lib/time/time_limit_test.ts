import { equal, ok, rejects } from "node:assert/strict";
import { TimeLimitError, withinLimit } from "../../../../core/lib/time/mod.ts";

Deno.test("withinLimit() passes on the outcome of a promise that settles in time", async () => {
  equal(await withinLimit(Promise.resolve(7), 10_000), 7);
  const failed = Promise.reject(new Error("No"));
  await rejects(withinLimit(failed, 10_000), { message: "No" });
});

Deno.test("withinLimit() rejects with a TimeLimitError once the limit has passed", async () => {
  const start = performance.now();
  await rejects(withinLimit(new Promise(() => {}), 20), (error) => {
    ok(error instanceof TimeLimitError);
    equal(error.message, "not done within 0.02 s");
    return true;
  });
  ok(performance.now() - start > 15);
});
