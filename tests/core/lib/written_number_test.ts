import { deepEqual, equal } from "node:assert/strict";
import {
  isJsonNumber,
  mayHoldWrittenNumbers,
  numberOf,
  parseJson,
  WrittenNumber,
} from "../../../core/lib/written_number.ts";

/** Numbers in JSON, and whether JavaScript writes them with the same digits. */
const NUMBERS: readonly (readonly [json: string, same: boolean])[] = [
  ["0", true],
  ["-7", true],
  ["10.5", true],
  ["0.1", true],
  ["9007199254740991", true],
  ["1234567890.12345", true],
  ["-0", false],
  ["10.00", false],
  ["1.0", false],
  ["0.10", false],
  ["1e3", false],
  ["1E+2", false],
  ["1e400", false],
  ["9007199254740993", false],
  ["1234567890123456789", false],
  ["-1234567890123456789", false],
  ["0.12345678901234567890", false],
  ["123456789.123456789123", false],
];

Deno.test("numberOf() keeps the digits that JavaScript would change, and no others", () => {
  for (const [json, same] of NUMBERS) {
    const number = numberOf(json);
    equal(typeof number === "number", same, json);
    equal(JSON.stringify(number), json);
    equal(`${number}`, json);
    equal(isJsonNumber(json), true);
  }
  for (const text of ["", "+1", "01", ".5", "1.", "0x1F", "1_000", "NaN"]) {
    equal(isJsonNumber(text), false, text);
  }
});

Deno.test("parseJson() reads what JSON.parse() reads, and writes numbers back as they were", () => {
  for (const [json] of NUMBERS) {
    for (const text of [json, `[${json},"${json}"]`, `{"a":{"b":${json}}}`]) {
      equal(JSON.stringify(parseJson(text)), text);
      deepEqual(
        JSON.parse(JSON.stringify(parseJson(text))),
        JSON.parse(text),
      );
    }
  }
  deepEqual(parseJson('{"a":[1,null,true,"10.00"]}'), {
    a: [1, null, true, "10.00"],
  });
});

Deno.test("mayHoldWrittenNumbers() is true for each text with such a number", () => {
  for (const [json, same] of NUMBERS) {
    if (!same) equal(mayHoldWrittenNumbers(`{"a":[${json}]}`), true, json);
  }
  equal(mayHoldWrittenNumbers('{"path":"/a","share":0.25,"n":100}'), false);
});

Deno.test("a WrittenNumber is written by JSON.stringify() wherever it stands", () => {
  const number = new WrittenNumber("1.50");
  equal(JSON.stringify({ a: [number], b: number }), '{"a":[1.50],"b":1.50}');
});
