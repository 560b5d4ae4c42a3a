import { equal, match, ok } from "node:assert/strict";
import { framesOfCaller } from "../../../core/lib/caller.ts";

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
