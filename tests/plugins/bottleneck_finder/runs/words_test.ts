import { equal } from "node:assert/strict";
import {
  counted,
  inMinutes,
  inMs,
  number,
} from "../../../../plugins/bottleneck_finder/runs/words.ts";

Deno.test("inMs() and number() keep the digits that count", () => {
  equal(inMs(98.4), "98 ms");
  equal(inMs(4.26), "4.3 ms");
  equal(inMs(0), "0 ms");
  equal(inMs(-0.01), "0 ms");
  equal(inMs(2500), "2.5 s");
  equal(inMs(12_340), "12.3 s");
  equal(number(100, 0), "100");
  equal(number(0.1 + 0.2, 2), "0.3");
});

Deno.test("inMinutes() and counted() are as people say them", () => {
  equal(inMinutes(400), "0 s");
  equal(inMinutes(59_400), "59 s");
  equal(inMinutes(60_000), "1 min");
  equal(inMinutes(80_000), "1 min 20 s");
  equal(counted(1, "load"), "1 load");
  equal(counted(0, "load"), "0 loads");
});
