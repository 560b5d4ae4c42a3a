import { deepEqual } from "node:assert/strict";
import { headersOf } from "../../../core/lib/http.ts";

Deno.test("headersOf() makes each value of a list a value of its own, and joins those that HTTP joins", () => {
  deepEqual([
    ...headersOf({
      "Set-Cookie": ["a=1; HttpOnly", "b=2"],
      "set-cookie": "c=3",
      Link: ["<a>", "<b>"],
      "X-One": "1",
    }),
  ], [
    ["link", "<a>, <b>"],
    ["set-cookie", "a=1; HttpOnly"],
    ["set-cookie", "b=2"],
    ["set-cookie", "c=3"],
    ["x-one", "1"],
  ]);
});
