import { equal } from "node:assert/strict";
import { readPollingSlice } from "../../../../core/lib/time/mod.ts";

const NAME = "DENO_TOKIO_EVENT_INTERVAL";

/** The slice where Deno's setting is this. */
function under(setting: string | undefined): number {
  const before = Deno.env.get(NAME);
  const set = (to: string | undefined) =>
    to === undefined ? Deno.env.delete(NAME) : Deno.env.set(NAME, to);
  set(setting);
  try {
    return readPollingSlice();
  } finally {
    set(before);
  }
}

Deno.test("readPollingSlice() is 0.01 ms where input and output are looked for after each task", () => {
  equal(under("1"), 0.01);
});

Deno.test("readPollingSlice() is 0 where they would wait for many slices", () => {
  equal(under("61"), 0);
  equal(under(undefined), 0);
});

Deno.test({
  name: "readPollingSlice() is 0 where the environment may not be read",
  permissions: { env: false },
  fn() {
    equal(readPollingSlice(), 0);
  },
});
