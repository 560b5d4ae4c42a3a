import { deepEqual, equal } from "node:assert/strict";
import {
  corsFields,
  corsHeaders,
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
      "Server-Timing, Perfmock-Sequence, Retry-After, RateLimit, RateLimit-Policy",
  });
});

Deno.test("corsFields() writes the headers of corsHeaders() as lines", () => {
  const headers = new Headers();
  corsHeaders(headers, "http://app.example");
  deepEqual(
    corsFields("http://app.example").split("\r\n").toSorted(),
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
