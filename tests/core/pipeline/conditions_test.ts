import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { validate } from "../../../core/config/validate.ts";
import { WHEN } from "../../../core/config/when_settings.ts";
import { parseJson, WrittenNumber } from "../../../core/lib/written_number.ts";
import { choose, explain } from "../../../core/pipeline/choice.ts";
import {
  RouteConditions,
  sameJson,
} from "../../../core/pipeline/conditions.ts";
import { RequestView } from "../../../core/pipeline/request_view.ts";
import { RawIncoming } from "../../support/incoming.ts";

/** Conditions as written, prepared. */
function conditions(when: unknown): RouteConditions {
  const read = validate(WHEN, when);
  if (read.issues !== undefined) throw new Error(JSON.stringify(read.issues));
  return new RouteConditions(read.value, "/routes/0/when");
}

interface Given {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function view(
  { method = "POST", url = "/", headers, body }: Given,
): RequestView {
  const incoming = new RawIncoming(method, `http://a${url}`, headers);
  incoming.text = body;
  incoming.readBody(() => {});
  return new RequestView(incoming);
}

function holds(when: unknown, given: Given): boolean {
  const prepared = conditions(when);
  const seen = view(given);
  return prepared.holdForHead(seen) && prepared.holdForBody(seen);
}

Deno.test("conditions compare query, headers, cookies and content type: equal, pattern, present, absent", () => {
  const given: Given = {
    url: "/a?q=x%20y&n=7&n=8&empty",
    headers: {
      "x-a": "Value",
      cookie: 'sid=1; q="quoted"; sid=2; json=%7B%22a%22%3A1%7D; bad=%',
      "content-type": "Application/JSON; charset=utf-8",
    },
  };
  const table: [when: unknown, held: boolean][] = [
    [{ query: { q: "x y" } }, true],
    [{ query: { q: "x" } }, false],
    [{ query: { n: 8 } }, true],
    [{ query: { n: { pattern: "[0-9]" } } }, true],
    [{ query: { n: { pattern: "[0-9]{2}" } } }, false],
    [{ query: { empty: "" } }, true],
    [{ query: { none: { absent: true } } }, true],
    [{ query: { q: { absent: true } } }, false],
    [{ query: { none: { present: true } } }, false],
    [{ header: { "X-A": "Value" } }, true],
    [{ header: { "x-a": "value" } }, false],
    [{ header: { "X-A": { pattern: "V.*e" } } }, true],
    [{ header: { "X-B": { absent: true } } }, true],
    [{ cookie: { sid: 1 } }, true],
    [{ cookie: { sid: 2 } }, false],
    [{ cookie: { q: "quoted" } }, true],
    [{ cookie: { json: '{"a":1}' } }, true],
    [{ cookie: { bad: "%" } }, true],
    [{ cookie: { none: { present: true } } }, false],
    [{ contentType: "application/json" }, true],
    [{ contentType: "APPLICATION/*" }, true],
    [{ contentType: "text/*" }, false],
    [{ contentType: { pattern: "application/.*json" } }, true],
    [{ contentType: { absent: true } }, false],
    [{ query: { q: "x y" }, header: { "X-A": "other" } }, false],
  ];
  for (const [when, held] of table) {
    equal(holds(when, given), held, JSON.stringify(when));
  }
  equal(holds({ contentType: { absent: true } }, {}), true);
});

Deno.test("conditions compare values of a JSON body by pointer", () => {
  const body =
    '{"a":{"b":[1,{"c":"x"}]},"n":null,"big":1234567890123456789,"p":10.0,"k/~":true}';
  const table: [when: unknown, held: boolean][] = [
    [{ "/a/b/0": 1 }, true],
    [{ "/a/b/0": "1" }, false],
    [{ "/a/b/1/c": "x" }, true],
    [{ "/a/b/1": { equal: { c: "x" } } }, true],
    [{ "/a/b/1": { equal: { c: "x", d: 1 } } }, false],
    [{ "/a": { equal: { b: [1, { c: "x" }] } } }, true],
    [{ "/n": null }, true],
    [{ "/n": { present: true } }, true],
    [{ "/x": { present: true } }, false],
    [{ "/x": { absent: true } }, true],
    [{ "/x": null }, false],
    [{ "/big": new WrittenNumber("1234567890123456789") }, true],
    [{ "/big": new WrittenNumber("1234567890123456780") }, false],
    [{ "/big": { pattern: "1[0-9]{18}" } }, true],
    [{ "/p": 10 }, true],
    [{ "/k~1~0": true }, true],
    [{ "/a/b/1/c": { pattern: "[a-z]" } }, true],
    [{ "/a": { pattern: ".*" } }, false],
    [{ "/toString": { absent: true } }, true],
    [{ "": { present: true } }, true],
  ];
  for (const [pointers, held] of table) {
    equal(holds({ body: pointers }, { body }), held, JSON.stringify(pointers));
  }
  for (const text of ["", "no", "{", undefined]) {
    equal(holds({ body: { "/x": { absent: true } } }, { body: text }), false);
  }
});

Deno.test("conditions find GraphQL operations in bodies, in queries, and by the hash of a persisted query", () => {
  const json = (value: unknown) => ({ body: JSON.stringify(value) });
  const hash = { extensions: { persistedQuery: { sha256Hash: "abc" } } };
  const query = "query Cart { cart { id } }";
  const inUrl = (parameters: Record<string, string>): Given => ({
    method: "GET",
    url: `/g?${new URLSearchParams(parameters)}`,
  });
  const cart = { graphql: { operation: "Cart" } };
  const table: [when: unknown, given: Given, held: boolean][] = [
    [cart, json({ query }), true],
    [cart, json({ query, operationName: "Cart" }), true],
    [
      cart,
      json({ query: `${query} query Other { a }`, operationName: "Cart" }),
      true,
    ],
    [cart, json({ query: `${query} query Other { a }` }), false],
    [cart, json({ operationName: "Cart", ...hash }), true],
    [cart, json({ query: "{ a }" }), false],
    [
      cart,
      {
        body:
          `--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x\r\nContent-Disposition: form-data; name="operations"\r\nContent-Type: application/json\r\n\r\n${
            JSON.stringify({ query })
          }\r\n--x--\r\n`,
        headers: { "content-type": "multipart/form-data; boundary=x" },
      },
      true,
    ],
    [
      cart,
      {
        body: `--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n${
          JSON.stringify({ query })
        }\r\n--x--\r\n`,
        headers: { "content-type": 'multipart/form-data; boundary="x"' },
      },
      false,
    ],
    [
      cart,
      { body: query, headers: { "content-type": "application/graphql" } },
      true,
    ],
    [cart, inUrl({ query }), true],
    [
      cart,
      inUrl({
        operationName: "Cart",
        extensions: JSON.stringify(hash.extensions),
      }),
      true,
    ],
    [cart, { body: "no json" }, false],
    [{ graphql: { hash: "abc" } }, json(hash), true],
    [
      { graphql: { hash: "abc" } },
      inUrl({ extensions: JSON.stringify(hash.extensions) }),
      true,
    ],
    [{ graphql: { hash: "abd" } }, json(hash), false],
    [
      { graphql: { type: "mutation" } },
      json({ query: "mutation M { a }" }),
      true,
    ],
    [{ graphql: { type: "mutation" } }, json({ query }), false],
    // The type of a persisted query is unknown: its name decides.
    [
      { graphql: { operation: "Cart", type: "query" } },
      json({ operationName: "Cart", ...hash }),
      true,
    ],
    [{ graphql: { operation: { pattern: "C.*" } } }, json({ query }), true],
    [
      { graphql: { operation: { absent: true } } },
      json({ query: "{ a }" }),
      true,
    ],
    [{ graphql: {} }, json({ query: "{ a }" }), true],
    [{ graphql: {} }, json({ a: 1 }), false],
  ];
  for (const [when, given, held] of table) {
    equal(holds(when, given), held, JSON.stringify([when, given]));
  }
});

Deno.test("sameJson() compares as JSON texts with sorted keys do", () => {
  const sorted = (value: unknown): string =>
    JSON.stringify(
      value,
      (_, part) =>
        typeof part === "object" && part !== null && !Array.isArray(part)
          ? Object.fromEntries(Object.entries(part).toSorted())
          : part,
    );
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      equal(sameJson(a, b), sorted(a) === sorted(b));
      equal(sameJson(a, parseJson(JSON.stringify(a))), true);
    }),
    { seed: 18 },
  );
});

Deno.test("choose() takes the first route whose conditions hold, and reads no body before it must", () => {
  const route = (id: string, when?: unknown, readsBody = false) => ({
    id,
    methods: ["POST"],
    path: "/",
    when: when === undefined ? undefined : conditions(when),
    readsBody,
  });
  const routes = [
    route("tenant", { header: { "x-tenant": "a" } }),
    route("seven", { body: { "/id": 7 } }),
    route("echo", { header: { echo: { present: true } } }, true),
    route("rest"),
  ];
  const seen = (headers: Record<string, string>, body?: string) => {
    const incoming = new RawIncoming("POST", "http://a/", headers);
    incoming.text = body;
    if (body !== undefined) incoming.readBody(() => {});
    const chosen = choose(routes, new RequestView(incoming));
    return typeof chosen === "string" ? chosen : `route ${chosen.id}`;
  };
  equal(seen({ "x-tenant": "a" }), "route tenant");
  equal(seen({}), "body");
  equal(seen({}, '{"id":7}'), "route seven");
  equal(seen({ echo: "1" }, "{}"), "route echo");
  equal(seen({}, "{}"), "route rest");
  const none = routes.slice(0, 2);
  const given = view({ body: "{}" });
  equal(choose(none, given), "none");
  deepEqual(
    explain(none, given).map(({ path, message }) => [path, message]),
    [
      [
        "/routes/0/when/header/x-tenant",
        'Route "tenant": header x-tenant must be "a"',
      ],
      ["/routes/0/when/body/~1id", 'Route "seven": body value /id must be 7'],
    ],
  );
});

Deno.test("explain() is bounded, whatever the number of routes and the length of values", () => {
  const routes = Array.from({ length: 100 }, (_, n) => ({
    id: `r${n}`,
    methods: ["POST"],
    path: "/",
    when: conditions({ graphql: { operation: `${n}${"x".repeat(5000)}` } }),
    readsBody: false,
  }));
  const operationName = "y".repeat(100_000);
  const issues = explain(
    routes,
    view({ body: JSON.stringify({ operationName }) }),
  );
  equal(issues.length, 21);
  match(issues[20].message, /^80 more routes do not match either$/);
  equal(JSON.stringify(issues).length < 20_000, true);
});

Deno.test("a pattern is compared with texts of bounded length, in a bounded time", () => {
  const when = { body: { "/a": { pattern: "[a-z]+" } } };
  const text = (length: number) => ({
    body: JSON.stringify({ a: "x".repeat(length) }),
  });
  equal(holds(when, text(8192)), true);
  equal(holds(when, text(8193)), false);
});

Deno.test("RouteConditions.summary says in a few words what a route takes", () => {
  equal(
    conditions({
      header: { "X-A": { pattern: "eu-.*" }, "X-B": { absent: true } },
      graphql: { operation: "Cart" },
    }).summary,
    'if header X-A matches eu-.* and header X-B is absent and GraphQL operation name is "Cart"',
  );
  const long = { query: { a: "x".repeat(500), b: "y".repeat(500) } };
  equal(conditions(long).summary.length, 120);
});
