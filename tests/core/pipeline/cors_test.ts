import { deepEqual, equal } from "node:assert/strict";
import { Cors, corsOf, isPreflight } from "../../../core/pipeline/cors.ts";
import { FetchIncoming } from "../../../core/pipeline/incoming.ts";

function options(headers: Record<string, string>): FetchIncoming {
  return new FetchIncoming(
    new Request("http://localhost/", { method: "OPTIONS", headers }),
  );
}

/** Access as it is without settings. */
const open = new Cors();

const ASKED = {
  origin: "http://app.example",
  "access-control-request-method": "PUT",
};

Deno.test("addHeaders() reflects the origin, allows credentials and exposes perfmock's headers", () => {
  const headers = new Headers();
  open.addHeaders(headers, "http://app.example");
  deepEqual(Object.fromEntries(headers), {
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": "http://app.example",
    "access-control-expose-headers":
      "Server-Timing, Perfmock-Sequence, Perfmock-Override-Refused, Retry-After, RateLimit, RateLimit-Policy",
  });
});

Deno.test("fieldsAfterOrigin() ends the headers of addHeaders() as lines", () => {
  const headers = new Headers();
  open.addHeaders(headers, "http://app.example");
  const names = open.exposedNames(new Headers());
  deepEqual(
    `access-control-allow-origin: http://app.example${
      open.fieldsAfterOrigin(names)
    }`.split("\r\n").toSorted(),
    ["", ...[...headers].map(([name, value]) => `${name}: ${value}`)],
  );
});

Deno.test("isPreflight() requires OPTIONS, an origin and a requested method", () => {
  equal(isPreflight(options(ASKED)), true);
  equal(isPreflight(options({ origin: "http://app.example" })), false);
  equal(
    isPreflight(options({ "access-control-request-method": "PUT" })),
    false,
  );
  equal(
    isPreflight(
      new FetchIncoming(new Request("http://localhost/", { headers: ASKED })),
    ),
    false,
  );
});

Deno.test("preflight() permits the requested method and headers for two hours", () => {
  const response = open.preflight(options({
    ...ASKED,
    "access-control-request-headers": "x-one, x-two",
    "access-control-request-private-network": "true",
  }));
  equal(response.status, 204);
  deepEqual(Object.fromEntries(response.headers), {
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": "x-one, x-two",
    "access-control-allow-methods": "PUT",
    "access-control-allow-origin": "http://app.example",
    "access-control-allow-private-network": "true",
    "access-control-max-age": "7200",
    vary:
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
});

Deno.test("allowPreflight() permits what is asked for, unless the headers say what is permitted", () => {
  const asked = options({
    ...ASKED,
    "access-control-request-headers": "x-one",
  });
  const headers = new Headers({
    "access-control-max-age": "5",
    "access-control-allow-methods": "GET, PUT",
  });
  open.allowPreflight(headers, asked);
  deepEqual(Object.fromEntries(headers), {
    "access-control-allow-headers": "x-one",
    "access-control-allow-methods": "GET, PUT",
    "access-control-max-age": "5",
    vary: "Access-Control-Request-Method, Access-Control-Request-Headers",
  });
});

Deno.test("exposedNames() has each header that needs exposure, once", () => {
  const own = open.exposedNames(new Headers());
  const cases: readonly (readonly [string, string])[] = [
    // Readable without exposure (Fetch, "CORS-safelisted response-header name").
    ...[
      "cache-control",
      "content-language",
      "content-length",
      "content-type",
      "expires",
      "last-modified",
      "pragma",
    ].map((name) => [name, own] as const),
    // Never readable.
    ["set-cookie", own],
    ["Server-Timing", own],
    ["RateLimit-Policy", own],
    ["access-control-max-age", own],
    ["Vary", own],
    ["X-Total-Count", `${own}, x-total-count`],
    ["ETag", `${own}, etag`],
  ];
  for (const [name, names] of cases) {
    equal(open.exposedNames(new Headers({ [name]: "1" })), names, name);
  }
  equal(
    open.exposedNames(
      new Headers([["link", "<a>"], ["link", "<b>"], ["age", "1"]]),
    ),
    `${own}, age, link`,
  );
});

Deno.test("exposeRest() adds the headers that came later, and only to an answer that exposes some", () => {
  const headers = new Headers({ "x-first": "1" });
  open.addHeaders(headers, "http://app.example");
  headers.set("x-later", "2");
  const before = headers.get("access-control-expose-headers");
  open.exposeRest(headers);
  open.exposeRest(headers);
  equal(headers.get("access-control-expose-headers"), `${before}, x-later`);
  const plain = new Headers({ "x-first": "1" });
  open.exposeRest(plain);
  deepEqual([...plain], [["x-first", "1"]]);
});

Deno.test("preflight() permits no headers if none are requested", () => {
  const { headers } = open.preflight(options(ASKED));
  equal(headers.get("access-control-allow-headers"), null);
  equal(headers.get("access-control-allow-private-network"), null);
  const { origin } = ASKED;
  equal(
    open.preflight(options({ origin })).headers.get(
      "access-control-allow-methods",
    ),
    "GET",
  );
});

Deno.test("origins are compared as a whole; a star stands for the first labels of a host", () => {
  const cors = corsOf({
    origins: [
      "https://app.example",
      "https://*.shop.example",
      "http://localhost:*",
      "capacitor://localhost",
      "null",
    ],
    maxAge: 0,
    exposedHeaders: undefined,
    credentials: true,
  });
  const cases: readonly (readonly [string, boolean])[] = [
    ["https://app.example", true],
    ["http://app.example", false],
    ["https://app.example:8443", false],
    ["https://app.example.evil.example", false],
    ["https://a.shop.example", true],
    ["https://a.b.shop.example", true],
    ["https://shop.example", false],
    ["https://.shop.example", false],
    ["https://evil.example/.shop.example", false],
    ["https://evil.example:1.shop.example", false],
    ["https://a.shop.example.evil.example", false],
    ["null", true],
    ["http://localhost:5173", true],
    ["http://localhost:", false],
    ["http://localhost", false],
    ["http://localhost:1.evil.example", false],
    ["https://localhost:5173", false],
    ["capacitor://localhost", true],
  ];
  for (const [origin, allowed] of cases) {
    const incoming = options({ ...ASKED, origin });
    equal(cors?.originOf(incoming), allowed ? origin : null, origin);
    equal(cors?.preflight(incoming).status, allowed ? 204 : 403, origin);
  }
  equal(cors?.originOf(options({})), null);
});

Deno.test("without credentials, with listed headers and an age, exactly these are sent", () => {
  const cors = new Cors({
    origins: "*",
    maxAge: 1999,
    exposedHeaders: ["X-Total", "ETag"],
    credentials: false,
  });
  const headers = new Headers({ "x-route": "1" });
  cors.addHeaders(headers, "http://app.example");
  headers.set("x-later", "1");
  cors.exposeRest(headers);
  deepEqual(Object.fromEntries(headers), {
    "access-control-allow-origin": "http://app.example",
    "access-control-expose-headers": "X-Total, ETag",
    "x-later": "1",
    "x-route": "1",
  });
  equal(
    cors.fieldsAfterOrigin(cors.exposedNames(headers)),
    "\r\naccess-control-expose-headers: X-Total, ETag\r\n",
  );
  const { headers: permitted } = cors.preflight(options(ASKED));
  equal(permitted.get("access-control-max-age"), "1");
  equal(permitted.get("access-control-allow-credentials"), null);
  const none = new Cors({
    origins: "*",
    maxAge: 0,
    exposedHeaders: [],
    credentials: false,
  });
  equal(none.fieldsAfterOrigin(none.exposedNames(headers)), "\r\n");
  equal(corsOf(false), undefined);
});
