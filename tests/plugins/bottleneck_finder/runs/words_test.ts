import { equal } from "node:assert/strict";
import { counted } from "../../../../plugins/bottleneck_finder/runs/words.ts";

Deno.test("counted() has the plural for all numbers but 1", () => {
  equal(counted(1, "load"), "1 load");
  equal(counted(0, "load"), "0 loads");
  equal(counted(2, "load"), "2 loads");
});
