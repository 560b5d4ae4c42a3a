import { equal } from "node:assert/strict";
import {
  change,
  decimal,
  inMilliseconds,
  inMinutes,
  inSeconds,
  percent,
  plain,
  plusMinus,
  range,
} from "../../../../plugins/bottleneck_finder/report/numbers.ts";

Deno.test("numbers are written without needless digits", () => {
  for (
    const [text, wanted] of [
      [plain(0), "0"],
      [plain(-0.04), "0"],
      [plain(0.05), "0.1"],
      [plain(9.94), "9.9"],
      [plain(9.96), "10"],
      [plain(-3), "−3"],
      [plain(1240.4), "1240"],
      [plain(Infinity), "?"],
      [decimal(0.984), "0.98"],
      [decimal(-0.001), "0.00"],
      [decimal(-0.5), "−0.50"],
      [decimal(9.99), "9.99"],
      [decimal(-1477.42), "−1477"],
      [decimal(-Infinity), "?"],
      [decimal(NaN), "?"],
      [change(98), "+98"],
      [change(0.01), "0"],
      [change(-2.5), "−2.5"],
      [inMilliseconds(640), "640 ms"],
      [inSeconds(2500), "2.5 s"],
      [inSeconds(1240), "1.24 s"],
      [inSeconds(1241), "1241 ms"],
      [inSeconds(250), "250 ms"],
      [inMinutes(900), "0.9 s"],
      [inMinutes(59_400), "59 s"],
      [inMinutes(60_000), "1 min"],
      [inMinutes(200_000), "3 min 20 s"],
      [inMinutes(3_725_000), "1 h 2 min"],
      [range({ low: 91, high: 104 }), "91…104"],
      [range({ low: -0.5, high: 1 }, decimal), "−0.50…1.00"],
      [plusMinus({ value: 0.2, low: -3, high: 3 }), "0.2 ± 3"],
      [percent(0.95), "95 %"],
      [percent(0.999), "100 %"],
    ]
  ) {
    equal(text, wanted);
  }
});
