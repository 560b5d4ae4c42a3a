import { deepEqual, equal, notEqual } from "node:assert/strict";
import {
  digestOf,
  documentIn,
  documentText,
  sharedPart,
  withOwnPart,
} from "../../../core/cluster/document.ts";
import { parseJson } from "../../../core/lib/written_number.ts";

Deno.test("The listener's settings and the URL of Redis are each replica's own", () => {
  const value = {
    seed: 1,
    server: { host: "10.0.0.1", port: 1, engine: "deno", cors: false },
    shared: { redis: "redis://:secret@a", prefix: "p" },
    routes: [],
  };
  const shared = sharedPart(value);
  deepEqual(shared, {
    seed: 1,
    server: { cors: false },
    shared: { prefix: "p" },
    routes: [],
  });
  const own = {
    seed: 2,
    server: { port: 2, cors: true },
    shared: { redis: "redis://b", prefix: "p" },
  };
  deepEqual(withOwnPart(shared, own), {
    seed: 1,
    server: { cors: false, port: 2 },
    shared: { redis: "redis://b", prefix: "p" },
    routes: [],
  });
  deepEqual(withOwnPart(sharedPart(value), value), value);
  deepEqual(sharedPart({ server: { port: 1 } }), {});
  deepEqual(withOwnPart({}, { server: { port: 1 } }), { server: { port: 1 } });
});

Deno.test("A configuration that is no object is passed on, for the schema to report", () => {
  for (const value of [null, 7, "a", [1]]) {
    deepEqual(sharedPart(value), value);
    deepEqual(withOwnPart(value, {}), value);
  }
  deepEqual(sharedPart({ server: 7, shared: null }), {
    server: 7,
    shared: null,
  });
});

Deno.test("Digests are equal for equal data in any order, and differ otherwise", () => {
  equal(digestOf({ a: 1, b: [1, { c: null, d: "x" }] }), "359ae2c1a4bbe610");
  equal(
    digestOf({ b: [1, { d: "x", c: null }], a: 1, e: undefined }),
    digestOf({ a: 1, b: [1, { c: null, d: "x" }] }),
  );
  const different = [
    {},
    [],
    null,
    { a: 1 },
    { a: "1" },
    { a: [1] },
    { a: null },
    [[1], 2],
    [1, [2]],
    "",
  ];
  equal(new Set(different.map(digestOf)).size, different.length);
  notEqual(digestOf(parseJson("[10.00]")), digestOf(parseJson("[10.0]")));
});

Deno.test("A document keeps the digits of numbers", () => {
  const text =
    '{"value":{"routes":[{"response":{"json":1234567890123456789}}]},"preset":null,"pace":{"scale":3},"reads":0}';
  equal(documentText(documentIn(text)), text);
});
