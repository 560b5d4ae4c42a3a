import { deepEqual, equal, notEqual } from "node:assert/strict";
import { disposeValues, Kept } from "../../../core/world/kept.ts";

Deno.test("Kept gives the same object under the same name, over revisions too", () => {
  const first = new Kept();
  const a = first.keep("a", () => ({}));
  equal(first.keep("a", () => ({})), a);
  const second = new Kept(first);
  equal(second.keep("a", () => ({})), a);
  notEqual(second.keep("b", () => ({})), a);
});

Deno.test("Kept tells what the next one has let go", () => {
  const first = new Kept();
  first.keep("a", () => "a");
  first.keep("b", () => "b");
  const second = new Kept(first);
  second.keep("b", () => "never made");
  deepEqual(first.beyond(second), ["a"]);
  deepEqual(second.beyond(first), []);
  deepEqual(first.beyond(undefined), ["a", "b"]);
});

Deno.test("disposeValues() disposes what can be, and goes on where one throws", async () => {
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
