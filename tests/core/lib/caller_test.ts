import {
  AssertionError,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { PerfmockError } from "../../../core/errors.ts";
import { atCaller, framesOfCaller } from "../../../core/lib/caller.ts";
import { failed } from "../../../core/testing/values.ts";

function called(): string {
  return framesOfCaller(called);
}

Deno.test("framesOfCaller() returns the lines of the stack from the caller on", () => {
  const lines = called().split("\n");
  match(lines[0], /^ {4}at .*caller_test\.ts:\d+:\d+/);
  ok(lines.every((line) => line.startsWith("    at ")));
  ok(!lines.some((line) => line.includes("/core/lib/caller.ts")));
});

Deno.test("framesOfCaller() leaves out frames of perfmock, and is empty where a runtime has no stacks", () => {
  const own = new URL("../../../core/app.ts", import.meta.url).href;
  const original = Error.captureStackTrace;
  try {
    Error.captureStackTrace = (holder: { stack?: string }) => {
      holder.stack = `Error\n    at f (${own}:1:2)\n    at file:///t.ts:3:4`;
    };
    equal(called(), "    at file:///t.ts:3:4");
    Error.captureStackTrace = () => {};
    equal(called(), "");
  } finally {
    Error.captureStackTrace = original;
  }
});

/** Function as perfmock offers it, which throws at once. */
function now(error: () => unknown): never {
  return atCaller(now, () => {
    throw error();
  });
}

/** Function as perfmock offers it, which throws after a while. */
function later(error: () => unknown): Promise<never> {
  return atCaller(later, async () => {
    await Promise.resolve();
    throw error();
  });
}

/** Returns the stacks of an error that is thrown at once and later. */
async function stacksOf(error: () => unknown): Promise<string[]> {
  const stacks: string[] = [];
  const keep = (thrown: unknown) => {
    stacks.push(`${(thrown as Error).stack}`);
    return true;
  };
  throws(() => now(error), keep);
  await rejects(() => later(error), keep);
  return stacks;
}

Deno.test("atCaller() writes the code on a line of its own, each issue once, then the caller's lines", async () => {
  const error = () =>
    new PerfmockError("CONFIG_INVALID", "Cannot do it: 2 errors", [
      { path: "/a", message: "No", value: 1 },
      { path: "/b", message: "Nor this" },
    ]);
  for (const stack of await stacksOf(error)) {
    match(
      stack,
      /^PerfmockError: Cannot do it: 2 errors\n\[CONFIG_INVALID\]\n\n {2}\/a: No\n {4}received: 1\n\n {2}\/b: Nor this\n {4}at .*caller_test\.ts:/,
    );
  }
});

Deno.test("atCaller() begins the stack of perfmock's assertions at the caller, with the message as it is", async () => {
  const error = () => failed("It is\n  too slow", { operator: "assertIt" });
  for (const stack of await stacksOf(error)) {
    match(
      stack,
      /^AssertionError: It is\n {2}too slow\n {4}at .*caller_test\.ts:/,
    );
    ok(!stack.replaceAll("/tests/core/", "/").includes("/core/"), stack);
  }
});

Deno.test("atCaller() leaves the stacks of the caller's own errors, and results, as they are", async () => {
  for (
    const own of [
      new TypeError("mine"),
      new AssertionError({ message: "mine", operator: "equal" }),
    ]
  ) {
    const { stack } = own;
    for (const kept of await stacksOf(() => own)) equal(kept, stack);
  }
  equal(atCaller(now, () => 7), 7);
  equal(await atCaller(later, () => Promise.resolve(7)), 7);
});
