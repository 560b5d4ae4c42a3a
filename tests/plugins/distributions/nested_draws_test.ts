import assert from "node:assert/strict";
import { NestedStream } from "../../../plugins/distributions/_nested_draws.ts";

Deno.test("NestedStream returns the combinator's number first, then those of the outer draw", () => {
  const nested = new NestedStream();
  let calls = 0;
  const started = nested.start(0.25, () => ++calls / 10);
  assert.equal(started, nested);
  assert.equal(nested.uniform(0), 0.25);
  assert.equal(nested.uniform(0, 1), 0.1);
  assert.equal(nested.uniform(0, 2), 0.2);
  assert.equal(nested.uniform(0, 0), 0.25);
});
