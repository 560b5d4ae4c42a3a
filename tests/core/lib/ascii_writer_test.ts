import { equal, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { AsciiWriter } from "../../../core/lib/ascii_writer.ts";

Deno.test("AsciiWriter writes texts of any length one after another", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary-ascii", maxLength: 900 }), {
        maxLength: 4,
      }),
      (texts) => {
        const out = new AsciiWriter(4);
        for (const text of texts) out.text(text);
        equal(out.toString(), texts.join(""));
        equal(out.bytes.length, texts.join("").length);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("AsciiWriter.whole() writes the digits of any whole number", () => {
  const out = new AsciiWriter();
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      equal(out.clear().whole(number).toString(), `${number}`);
    }),
    { seed: 1 },
  );
  for (const power of Array.from({ length: 16 }, (_, n) => 10 ** n)) {
    for (const number of [power - 1, power, power + 1]) {
      equal(out.clear().whole(number).toString(), `${number}`);
    }
  }
  equal(
    out.clear().whole(2 ** 31 - 1).whole(2 ** 31).toString(),
    "21474836472147483648",
  );
});

Deno.test("AsciiWriter.milliseconds() writes three decimals, as toFixed() does", () => {
  const out = new AsciiWriter();
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => {
      equal(
        out.clear().milliseconds(value).toString(),
        (Math.round(value * 1000) / 1000).toFixed(3),
      );
    }),
    { seed: 1 },
  );
  for (const value of [0, 0.0004, 0.001, 0.01, 1.005, 9.9995, 3_600_000]) {
    equal(
      out.clear().milliseconds(value).toString(),
      (Math.round(value * 1000) / 1000).toFixed(3),
    );
  }
});

Deno.test("AsciiWriter.milliseconds() writes negative durations as zero", () => {
  equal(new AsciiWriter().milliseconds(-3).toString(), "0.000");
});

Deno.test("AsciiWriter.hex() writes words with or without a sign", () => {
  const out = new AsciiWriter();
  out.hex(0).hex(-1).hex(0x0123_abcd).hex(2 ** 31);
  equal(out.toString(), "00000000ffffffff0123abcd80000000");
});

Deno.test("AsciiWriter gives the same view for texts of the same length, until its buffer grows", () => {
  const out = new AsciiWriter(8);
  const { bytes } = out.text("first");
  equal(out.clear().text("other").bytes, bytes);
  equal(new TextDecoder().decode(bytes), "other");
  out.text("a text that is longer than the buffer").clear();
  notEqual(out.text("third").bytes, bytes);
  equal(out.toString(), "third");
});
