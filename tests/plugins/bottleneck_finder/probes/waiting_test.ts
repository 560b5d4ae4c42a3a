import { equal } from "node:assert/strict";
import {
  firstLine,
  seconds,
} from "../../../../plugins/bottleneck_finder/probes/waiting.ts";

Deno.test("firstLine() is the message of whatever was thrown, in one line", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const cases: [unknown, string][] = [
    [new Error("no cart\nCall log"), "no cart"],
    [new Error("\u001b[31mred\u001b[0m."), "red"],
    ["text", "text"],
    [undefined, "undefined"],
    [{ code: 5 }, '{"code":5}'],
    [circle, "[object Object]"],
  ];
  for (const [thrown, line] of cases) equal(firstLine(thrown), line);
});

Deno.test("seconds() writes a duration as readers do", () => {
  equal(seconds(250.4), "250 ms");
  equal(seconds(30_000), "30 s");
  equal(seconds(1_260), "1.3 s");
});
