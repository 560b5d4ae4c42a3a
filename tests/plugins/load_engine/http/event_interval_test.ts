// Runs alone, without the profiler: changes the environment.
import { doesNotThrow, equal } from "node:assert/strict";
import {
  readPollingSlice,
  shortenEventInterval,
} from "../../../../plugins/load_engine/http/mod.ts";

const NAME = "DENO_TOKIO_EVENT_INTERVAL";

/** Runs a function with the user's setting, or without one, and restores the environment. */
function withSetting<Result>(
  value: string | undefined,
  act: () => Result,
): Result {
  const before = Deno.env.get(NAME);
  const set = (to: string | undefined) =>
    to === undefined ? Deno.env.delete(NAME) : Deno.env.set(NAME, to);
  set(value);
  try {
    return act();
  } finally {
    set(before);
  }
}

Deno.test("shortenEventInterval() changes the setting until the last caller has restored it", () => {
  withSetting(undefined, () => {
    const first = shortenEventInterval();
    const second = shortenEventInterval();
    first();
    first();
    equal(Deno.env.get(NAME), "1");
    second();
    equal(Deno.env.get(NAME), undefined);
  });
});

Deno.test("shortenEventInterval() keeps the user's setting", () => {
  withSetting("8", () => {
    const restore = shortenEventInterval();
    equal(Deno.env.get(NAME), "8");
    restore();
    equal(Deno.env.get(NAME), "8");
  });
});

Deno.test({
  name: "shortenEventInterval() does nothing without permission",
  permissions: { env: false },
  fn() {
    doesNotThrow(() => shortenEventInterval()());
  },
});

Deno.test("readPollingSlice() is 0.01 ms if the event loop checks for input and output after each task", () => {
  equal(withSetting("1", readPollingSlice), 0.01);
});

Deno.test("readPollingSlice() is 0 if input and output would wait for many slices", () => {
  equal(withSetting("61", readPollingSlice), 0);
  equal(withSetting(undefined, readPollingSlice), 0);
});

Deno.test({
  name: "readPollingSlice() is 0 if the environment may not be read",
  permissions: { env: false },
  fn() {
    equal(readPollingSlice(), 0);
  },
});
