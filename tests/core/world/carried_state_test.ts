import { deepEqual, equal, notEqual } from "node:assert/strict";
import { CarriedState, disposeValues } from "../../../core/world/state.ts";

Deno.test("CarriedState returns the same object for the same name, across revisions too", () => {
  const first = new CarriedState();
  const a = first.keep("a", () => ({}));
  equal(first.keep("a", () => ({})), a);
  const second = new CarriedState(first);
  equal(second.keep("a", () => ({})), a);
  notEqual(second.keep("b", () => ({})), a);
});

Deno.test("CarriedState lists the values that the next revision no longer uses", () => {
  const first = new CarriedState();
  first.keep("a", () => "a");
  first.keep("b", () => "b");
  const second = new CarriedState(first);
  second.keep("b", () => "never made");
  deepEqual(first.beyond(second), ["a"]);
  deepEqual(second.beyond(first), []);
  deepEqual(first.beyond(undefined), ["a", "b"]);
});

Deno.test("disposeValues() disposes all disposable values, and continues if one throws", async () => {
  const seen: string[] = [];
  const error = new Error("no");
  const errors = await disposeValues([
    1,
    null,
    {},
    {
      [Symbol.dispose]() {
        throw error;
      },
    },
    { [Symbol.dispose]: () => seen.push("sync") },
    {
      [Symbol.asyncDispose]: () =>
        Promise.resolve().then(() => seen.push("async")),
    },
  ]);
  deepEqual([errors, seen], [[error], ["sync", "async"]]);
});
