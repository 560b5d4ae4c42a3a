import { doesNotThrow, equal } from "node:assert/strict";
import { lookAfterEachTask } from "../../../../plugins/load_engine/http/mod.ts";

const NAME = "DENO_TOKIO_EVENT_INTERVAL";

/** Does something with the setting that a user has made, or none, and puts back what was there. */
function withSetting(value: string | undefined, act: () => void): void {
  const before = Deno.env.get(NAME);
  const set = (to: string | undefined) =>
    to === undefined ? Deno.env.delete(NAME) : Deno.env.set(NAME, to);
  set(value);
  try {
    act();
  } finally {
    set(before);
  }
}

Deno.test("lookAfterEachTask() changes the setting until the last that asked has taken it back", () => {
  withSetting(undefined, () => {
    const first = lookAfterEachTask();
    const second = lookAfterEachTask();
    first();
    first();
    equal(Deno.env.get(NAME), "1");
    second();
    equal(Deno.env.get(NAME), undefined);
  });
});

Deno.test("lookAfterEachTask() keeps what the user has set", () => {
  withSetting("8", () => {
    const back = lookAfterEachTask();
    equal(Deno.env.get(NAME), "8");
    back();
    equal(Deno.env.get(NAME), "8");
  });
});

Deno.test({
  name: "lookAfterEachTask() leaves all as it is without permission",
  permissions: { env: false },
  fn() {
    doesNotThrow(() => lookAfterEachTask()());
  },
});
