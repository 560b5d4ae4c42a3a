import assert from "node:assert/strict";
import { Relay } from "../../../plugins/distributions/_relay.ts";

Deno.test("Relay hands on the first number, then those of the outer draw", () => {
  const relay = new Relay();
  let calls = 0;
  const started = relay.start(0.25, () => ++calls / 10);
  assert.equal(started, relay);
  assert.equal(relay.uniform(0), 0.25);
  assert.equal(relay.uniform(0, 1), 0.1);
  assert.equal(relay.uniform(0, 2), 0.2);
  assert.equal(relay.uniform(0, 0), 0.25);
});
