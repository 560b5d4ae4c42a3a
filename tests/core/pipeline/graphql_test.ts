import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  GraphqlOperation,
  operationsIn,
} from "../../../core/pipeline/graphql.ts";

Deno.test("operationsIn() finds names and types, past comments, texts, fragments and default values", () => {
  const table: [document: string, operations: string][] = [
    ["{ a }", "query"],
    ["query { a }", "query"],
    ["query A { a }", "query A"],
    [
      'mutation B($x: Int = 1) @d(a: {b: "}"}) { b(x: $x) { c } }',
      "mutation B",
    ],
    ["subscription C{a}", "subscription C"],
    ["# query No { a }\nquery Yes { a }", "query Yes"],
    ['query A { a(s: "} query B { b }") }', "query A"],
    [
      'query A { a(s: """ } "quoted" \\""" query B { """) } query C { c }',
      "query A, query C",
    ],
    ["fragment F on T { query } query A { ...F }", "query A"],
    ["query query { query }", "query query"],
    ["query A($in: In = {a: [{b: 1}]}) { mutation }", "query A"],
    ["query A { a } mutation B { b } { c }", "query A, mutation B, query"],
    ["\ufeffquery,A,{ a }", "query A"],
    ["query A { a", "query A"],
    ["}}} query A { a }", "query A"],
    ['query A { a(s: "', "query A"],
    ['query A { a(s: """', "query A"],
    ["", ""],
    ["type T { query: Int } query A { a }", "query A"],
  ];
  for (const [document, operations] of table) {
    const found = operationsIn(document).map(({ name, type }) =>
      name === undefined ? type : `${type} ${name}`
    );
    equal(found.join(", "), operations, document);
  }
});

/** Selections that hold what could be taken for operations. */
const SELECTION = fc.letrec((tie) => ({
  selection: fc.array(
    fc.oneof(
      fc.constantFrom(
        "query",
        "mutation",
        "a",
        'a(s: "} { \\" query X {")',
        'a(s: """ } \\""" " query Y { """)',
        "a(o: {b: [1, {c: $v}]})",
        "# } query Z {\n",
        "...F",
        "... on query",
      ),
      tie("selection").map((inner) => `b { ${inner} }`),
    ),
    { minLength: 1, maxLength: 4 },
  ).map((parts) => parts.join(" ")),
})).selection;

const NAME = fc.option(fc.constantFrom("A", "query", "_b1", "on"), {
  nil: undefined,
});

Deno.test("operationsIn() finds exactly the operations that a document was made of", () => {
  const definition = fc.tuple(
    fc.constantFrom("query", "mutation", "subscription", "fragment", ""),
    NAME,
    SELECTION,
  );
  fc.assert(
    fc.property(fc.array(definition, { maxLength: 5 }), (definitions) => {
      const document = definitions.map(([type, name, selection]) =>
        type === "fragment"
          ? `fragment F on T { ${selection} }`
          : type === ""
          ? `{ ${selection} }`
          : `${type} ${name ?? ""} { ${selection} }`
      ).join("\n");
      const expected = definitions.filter(([type]) => type !== "fragment")
        .map(([type, name]) =>
          type === "" ? { name: undefined, type: "query" } : { name, type }
        );
      deepEqual(operationsIn(document), expected, document);
    }),
    { seed: 18, numRuns: 500 },
  );
});

Deno.test("operationsIn() takes any text, and a time in proportion to its length", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('"', "\\", "{", "}", "#", "\n", "query", " A "),
        maxLength: 200,
      }),
      (text) => Array.isArray(operationsIn(text)),
    ),
    { seed: 18, numRuns: 500 },
  );
  for (const part of ['"""\\', '"\\', "{(", "query ", "#\n", '"""\\"""']) {
    const text = part.repeat(1_000_000 / part.length);
    deepEqual(operationsIn(`{ a } ${text}`)[0].type, "query");
  }
});

function operation(
  query: unknown,
  operationName?: unknown,
  extensions?: unknown,
): string {
  const { name, type, hash, exists } = new GraphqlOperation(
    { query, operationName, extensions },
    false,
  );
  return exists ? `${type} ${name} ${hash}` : "none";
}

Deno.test("GraphqlOperation takes the name from operationName, or else from the only operation", () => {
  const both = "query A { a } mutation B { b }";
  const persisted = { persistedQuery: { version: 1, sha256Hash: "h" } };
  equal(operation(both, "B"), "mutation B undefined");
  equal(operation(both, "C"), "undefined C undefined");
  equal(operation(both), "undefined undefined undefined");
  equal(operation("mutation B { b }"), "mutation B undefined");
  equal(operation("{ b }", ""), "query undefined undefined");
  equal(operation(undefined, "A", persisted), "undefined A h");
  equal(operation(undefined, undefined, persisted), "undefined undefined h");
  equal(operation(undefined, 7, { persistedQuery: 7 }), "none");
  equal(operation(null, null, null), "none");
});

Deno.test("GraphqlOperation over GET is a query where its text does not say otherwise", () => {
  const request = { operationName: "A", extensions: undefined };
  equal(new GraphqlOperation({ query: null, ...request }, true).type, "query");
});
