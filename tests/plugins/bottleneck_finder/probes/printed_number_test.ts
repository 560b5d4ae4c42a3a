import { deepEqual } from "node:assert/strict";
import { printedNumber } from "../../../../plugins/bottleneck_finder/probes/printed_number.ts";

Deno.test("printedNumber() finds the number of the last JSON value", () => {
  const pretty = JSON.stringify({ stats: { duration: 1234.5 } }, null, 2);
  const found: readonly (readonly [string, string, number])[] = [
    ["12.5", "", 12.5],
    ["12.5\n", "", 12.5],
    ['{"a":[1,2]}', "/a/1", 2],
    ['{"a/b":{"~":3}}', "/a~1b/~0", 3],
    [pretty, "/stats/duration", 1234.5],
    [`npm warn old\n> test\n${pretty}`, "/stats/duration", 1234.5],
    [`{"n":1}\n{"n":2}\n`, "/n", 2],
    [`{ not JSON\nresult:\n{"n":2}\nbye`, "/n", 2],
    [`[1] started\n{"n":5}`, "/n", 5],
  ];
  for (const [output, pointer, value] of found) {
    deepEqual(printedNumber(output, pointer), { value }, output);
  }
});

Deno.test("printedNumber() says why there is no number", () => {
  const failed: readonly (readonly [string, string, string])[] = [
    ["", "", "The command printed no JSON"],
    ["hello\nworld", "/a", "The command printed no JSON"],
    ['{"a":1}', "/b", "The JSON that the command printed has nothing at /b"],
    [
      '{"a":1}',
      "/a/toString",
      "The JSON that the command printed has nothing at /a/toString",
    ],
    [
      '{"a":"1"}',
      "/a",
      'The JSON that the command printed has "1" at /a, which is no number',
    ],
    [
      '{"a":null}',
      "/a",
      "The JSON that the command printed has null at /a, which is no number",
    ],
    [
      '{"a":1e400}',
      "/a",
      "The JSON that the command printed has too large a number at /a",
    ],
  ];
  for (const [output, pointer, failure] of failed) {
    deepEqual(printedNumber(output, pointer), { failure }, output);
  }
});
