import { deepEqual, equal } from "node:assert/strict";
import {
  allowPreflight,
  corsFields,
  corsHeaders,
  exposedNames,
  exposeRest,
  isPreflight,
  preflight,
} from "../../../core/pipeline/cors.ts";
import { FetchIncoming } from "../../../core/pipeline/incoming.ts";

function options(headers: Record<string, string>): FetchIncoming {
  return new FetchIncoming(
    new Request("http://localhost/", { method: "OPTIONS", headers }),
  );
}

const ASKED = {
  origin: "http://app.example",
  "access-control-request-method": "PUT",
};

Deno.test("corsHeaders() reflects the origin, allows credentials and exposes perfmock's headers", () => {
  const headers = new Headers();
  corsHeaders(headers, "http://app.example");
  deepEqual(Object.fromEntries(headers), {
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": "http://app.example",
    "access-control-expose-headers":
      "Server-Timing, Perfmock-Sequence, Perfmock-Override-Refused, Retry-After, RateLimit, RateLimit-Policy",
  });
});

Deno.test("corsFields() writes the headers of corsHeaders() as lines", () => {
  const headers = new Headers();
  corsHeaders(headers, "http://app.example");
  deepEqual(
    corsFields("http://app.example", exposedNames(new Headers())).split("\r\n")
      .toSorted(),
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
  const response = preflight(options({
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
  allowPreflight(headers, asked);
  deepEqual(Object.fromEntries(headers), {
    "access-control-allow-headers": "x-one",
    "access-control-allow-methods": "GET, PUT",
    "access-control-max-age": "5",
    vary: "Access-Control-Request-Method, Access-Control-Request-Headers",
  });
});

Deno.test("exposedNames() has each header that needs exposure, once", () => {
  const own = exposedNames(new Headers());
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
    equal(exposedNames(new Headers({ [name]: "1" })), names, name);
  }
  equal(
    exposedNames(new Headers([["link", "<a>"], ["link", "<b>"], ["age", "1"]])),
    `${own}, age, link`,
  );
});

Deno.test("exposeRest() adds the headers that came later, and only to an answer that exposes some", () => {
  const headers = new Headers({ "x-first": "1" });
  corsHeaders(headers, "http://app.example");
  headers.set("x-later", "2");
  const before = headers.get("access-control-expose-headers");
  exposeRest(headers);
  exposeRest(headers);
  equal(headers.get("access-control-expose-headers"), `${before}, x-later`);
  const plain = new Headers({ "x-first": "1" });
  exposeRest(plain);
  deepEqual([...plain], [["x-first", "1"]]);
});

Deno.test("preflight() permits no headers if none are requested", () => {
  const { headers } = preflight(options(ASKED));
  equal(headers.get("access-control-allow-headers"), null);
  equal(headers.get("access-control-allow-private-network"), null);
  equal(preflight(options({})).headers.get("access-control-allow-origin"), "*");
  equal(
    preflight(options({})).headers.get("access-control-allow-methods"),
    "GET",
  );
});
