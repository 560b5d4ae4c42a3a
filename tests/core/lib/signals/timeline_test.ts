import { deepEqual, equal } from "node:assert/strict";
import { createKit, validate } from "../../../../core/config/mod.ts";
import type { Distribution, KitType } from "../../../../core/plugin.ts";

/** A kit with one family of distributions. */
const kit = createKit({
  folder: ".",
  distribution: (value) => {
    const known = typeof value === "string" ||
      Object.hasOwn(value as object, "exponential");
    if (known) return { value: { family: value } as unknown as Distribution };
    const [name] = Object.keys(value as object);
    return {
      issues: [{
        path: `/${name}`,
        message: `Unknown distribution "${name}"`,
        suggestion: "exponential",
      }],
    };
  },
});

function read<T>(value: unknown, type: KitType<T>) {
  const result = validate(kit.timeline(type), value);
  if (result.issues === undefined) return result.value;
  throw new Error(JSON.stringify(result.issues));
}

function said(value: unknown, type: KitType<unknown>): string[] {
  const { issues } = validate(kit.timeline(type), value);
  return (issues ?? []).map(({ path, message, suggestion }) =>
    `${path}: ${message}${suggestion === undefined ? "" : ` → ${suggestion}`}`
  );
}

const at = (time: string | number, value: unknown) => ({ at: time, value });

Deno.test("kit.timeline() jumps from distribution to distribution and holds the last", () => {
  const slow = { exponential: { mean: 5 } };
  const made = read(
    { timeline: [at(0, "1ms"), at("2s", slow), at("5s", "3ms")] },
    kit.distribution(),
  );
  deepEqual(
    [-1, 0, 1999, 2000, 4999.9, 5000, 1e9].map((time) => made.at(time).family),
    ["1ms", "1ms", "1ms", slow, slow, "3ms", "3ms"],
  );
  deepEqual([made.end, made.constant], [5000, false]);
});

Deno.test("kit.timeline() uses the last of several values at the same time", () => {
  const made = read(
    { timeline: [at(0, 1), at(0, 2), at(7, 3), at(7, 4)] },
    kit.number(),
  );
  deepEqual([0, 6, 7].map((time) => made.at(time)), [2, 2, 4]);
});

Deno.test("kit.timeline() accepts a bare value as a constant", () => {
  const made = read("120ms", kit.distribution());
  deepEqual([made.at(9).family, made.end, made.constant], ["120ms", 0, true]);
  const word = kit.z.enum(["fifo", "lifo"]) as unknown as KitType<string>;
  equal(read("lifo", word).at(3), "lifo");
});

Deno.test("kit.timeline() accepts every signal if the values are numbers", () => {
  const made = read({ ramp: { from: 1, to: 3, over: "2s" } }, kit.number());
  deepEqual([made.at(1000), made.end, made.constant], [2, 2000, false]);
});

Deno.test("kit.timeline() rejects a signal whose values are not numbers", () => {
  deepEqual(
    said({ ramp: { from: "1ms", to: "2ms", over: "1s" } }, kit.distribution()),
    [
      "/ramp/from: Only finite numbers can change by a signal",
      "/ramp/to: Only finite numbers can change by a signal",
    ],
  );
});

Deno.test("kit.timeline() reports errors of the alternative that fits best", () => {
  const distribution = kit.distribution();
  deepEqual(said({ exponetial: {} }, distribution), [
    '/exponetial: Unknown distribution "exponetial" → exponential',
  ]);
  deepEqual(said({ timeline: [at("1s", { exp: 1 })] }, distribution), [
    '/timeline/0/value/exp: Unknown distribution "exp" → exponential',
  ]);
  deepEqual(said({ timeline: [] }, distribution), [
    "/timeline: Must have at least 1 entry, received 0",
  ]);
  deepEqual(said({ timeline: [at("2s", 1), at("1s", 1)] }, kit.number()), [
    "/timeline/0/at: The first must be at 0: nothing else says what the value is until then",
    "/timeline/1/at: Times must not decrease, but 1000 ms comes after 2000 ms",
  ]);
  deepEqual(said({ rmp: { from: 0, to: 1, over: 2 } }, kit.number()), [
    '/rmp: Unknown key "rmp" → ramp',
  ]);
  deepEqual(said({ timelin: [] }, kit.number()), [
    '/timelin: Unknown key "timelin" → timeline',
    "/timelin: Must have at least 1 entry, received 0",
  ]);
});
