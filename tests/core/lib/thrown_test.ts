import { deepEqual, equal } from "node:assert/strict";
import {
  catchLater,
  deepestMessage,
  describeReturned,
  describeThrown,
  isThenable,
  messageOfThrown,
  stackOf,
} from "../../../core/lib/thrown.ts";
import { nextTurn } from "../../../core/lib/turn.ts";

/** An object that throws however it is looked at. */
const HOSTILE = new Proxy(new Error(), {
  get() {
    throw new Error("looked at");
  },
  getPrototypeOf() {
    throw new Error("looked at");
  },
});

Deno.test("describeThrown() describes any value in one short line", () => {
  deepEqual(
    [new TypeError("a\nb"), "text", undefined, 5n, Symbol("s")].map(
      describeThrown,
    ),
    ["TypeError: a", "text", "undefined", "5", "Symbol(s)"],
  );
  for (const thrown of [HOSTILE, Object.create(null)]) {
    equal(describeThrown(thrown), "a value that cannot be shown");
    equal(messageOfThrown(thrown), "a value that cannot be shown");
    equal(stackOf(thrown), "");
  }
  equal(describeThrown("x".repeat(1000)).length, 500);
  equal(messageOfThrown(new TypeError("a")), "a");
});

Deno.test("deepestMessage() says why a fetch failed", () => {
  const refused = new Error("connection refused");
  equal(
    deepestMessage(
      new TypeError("fetch failed", {
        cause: new Error("", { cause: refused }),
      }),
    ),
    "connection refused",
  );
  deepEqual([refused, "text", HOSTILE].map(deepestMessage), [
    "connection refused",
    "text",
    "a value that cannot be shown",
  ]);
});

Deno.test("describeReturned() describes any value, and ends nothing where it is a promise that rejects", async () => {
  deepEqual(
    [
      undefined,
      null,
      NaN,
      "x",
      () => {},
      [],
      HOSTILE,
      Promise.reject(new Error("unseen")),
    ].map(describeReturned),
    [
      "undefined",
      "null",
      "NaN",
      'the text "x"',
      "a function",
      "a list",
      "an object",
      "a promise",
    ],
  );
  await nextTurn();
});

Deno.test("catchLater() catches what a promise rejects with, and ignores everything else", async () => {
  const caught: unknown[] = [];
  const later = (value: unknown) =>
    catchLater(value, (error) => caught.push(error));
  deepEqual(
    [5, "then", HOSTILE, undefined, Promise.reject(1), {
      then: (_: unknown, reject: (error: number) => void) => reject(2),
    }].map(later),
    [false, false, false, false, true, true],
  );
  await nextTurn();
  deepEqual(caught.toSorted(), [1, 2]);
  equal(isThenable(HOSTILE), false);
});
