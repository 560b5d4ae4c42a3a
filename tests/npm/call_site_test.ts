import { equal, match } from "node:assert/strict";
import { atCall, callSite } from "../../npm/call_site.ts";

function called(): Error {
  const site = callSite(called);
  return atCall(new TypeError("two\nlines"), site);
}

Deno.test("atCall() gives an error the stack of the caller, without frames of our own", () => {
  const { stack = "" } = called();
  const [first, second, frame] = stack.split("\n");
  equal(`${first}\n${second}`, "TypeError: two\nlines");
  match(frame, /^ {4}at .*call_site_test\.ts/);
  equal(stack.includes("at called"), false);
});
