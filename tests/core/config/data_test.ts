import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { copyData, readJson } from "../../../core/config/data.ts";
import { parseText, type Syntax } from "../../../core/config/_parse_text.ts";
import { parseJson, WrittenNumber } from "../../../core/lib/written_number.ts";

/** Parses a text. */
async function valueOf(text: string, syntax: Syntax): Promise<unknown> {
  const parsed = await parseText(text, syntax);
  return parsed.issues === undefined ? parsed.value : undefined;
}

/** The text of a configuration in each place of which a number stands, with the places at which its digits stay. */
function configuration(number: string): string {
  return `{"seed":${number},"plugins":{"mine":{"json":${number},"events":{"data":${number}}}},"routes":[{"scale":${number},"faults":[{"share":${number},"json":{"a":[${number}]}}],"response":{"json":{"a":${number},"events":{"data":[${number}]}}}},{"response":{"events":{"count":${number},"data":{"n":${number}}}},"data":${number}}]}`;
}

/** Returns the same configuration as readers read it, in JSON. */
function kept(number: string): string {
  const plain = `${Number(number)}`;
  return `{"seed":${plain},"plugins":{"mine":{"json":${plain},"events":{"data":${plain}}}},"routes":[{"scale":${plain},"faults":[{"share":${plain},"json":{"a":[${number}]}}],"response":{"json":{"a":${number},"events":{"data":[${number}]}}}},{"response":{"events":{"count":${plain},"data":{"n":${number}}}},"data":${plain}}]}`;
}

Deno.test("numbers keep their digits in bodies, and are numbers everywhere else, in each syntax", async () => {
  for (const number of ["1234567890123456789", "10.00", "-0.10", "5"]) {
    const text = configuration(number);
    for (
      const value of [
        readJson(text),
        copyData(parseJson(text)),
        ...await Promise.all(
          (["json", "jsonc", "yaml"] as const).map((syntax) =>
            valueOf(text, syntax)
          ),
        ),
      ]
    ) {
      equal(JSON.stringify(value), kept(number));
      equal(JSON.stringify(copyData(value)), kept(number));
    }
  }
});

Deno.test("YAML's own forms of numbers are written as JSON", async () => {
  equal(
    JSON.stringify(
      await valueOf(
        "json: [+1, .5, 0x1F, 0o17, +1234567890123456789, 0xFFFFFFFFFFFFFFFF, 1., 12e03]",
        "yaml",
      ),
    ),
    '{"json":[1,0.5,31,15,1234567890123456789,18446744073709551615,1,12e03]}',
  );
});

Deno.test("copyData() copies data of all kinds, keys such as __proto__ and objects that contain themselves included", () => {
  const value = {
    list: [1, "a", null, true, undefined, { deep: [[]] }],
    at: new Date(0),
    bare: Object.assign(Object.create(null), { a: 1 }),
    ...JSON.parse('{"__proto__":{"x":1}}'),
  };
  const copy = copyData(value) as typeof value;
  deepEqual(copy, { ...value, bare: { a: 1 } });
  notEqual(copy.list, value.list);
  notEqual(copy.at, value.at);
  equal(Object.hasOwn(copy, "__proto__"), true);
  equal(({} as { x?: number }).x, undefined);
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  ring.json = [ring];
  const turned = copyData(ring) as typeof ring;
  equal(turned.self, turned);
  notEqual(turned, ring);
});

Deno.test("copyData() writes the bigints of a program's bodies as numbers", () => {
  equal(
    JSON.stringify(
      copyData({ response: { json: { id: 12345678901234567890n } } }),
    ),
    '{"response":{"json":{"id":12345678901234567890}}}',
  );
  deepEqual(copyData({ seed: 5n }), { seed: 5n });
  equal(copyData(new WrittenNumber("1.0")), 1);
});

Deno.test("copyData() refuses what is not data", () => {
  for (const value of [() => {}, Symbol("a"), new WeakMap()]) {
    throws(() => copyData({ json: [value] }), { name: "DataCloneError" });
  }
});
