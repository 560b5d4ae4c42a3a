import { deepEqual, equal } from "node:assert/strict";
import { refuse } from "../../../core/control/guard.ts";

function ask(
  url: string,
  headers: Record<string, string> = {},
  token: string | null = null,
): number {
  const request = new Request(url, { headers });
  return refuse(request, { token })?.status ?? 200;
}

Deno.test("refuse() accepts names and addresses of this machine", () => {
  for (
    const url of [
      "http://127.0.0.1:8080/_perfmock/health",
      "http://localhost/_perfmock/health",
      "http://mock.localhost/_perfmock/health",
      "http://[::1]:8080/_perfmock/health",
      "http://192.168.1.7/_perfmock/health",
    ]
  ) equal(ask(url), 200, url);
});

Deno.test("refuse() refuses a foreign host name that resolves to this machine", () => {
  for (
    const url of [
      "http://evil.example/",
      "http://127.0.0.1.evil.example/",
      "http://notlocalhost/",
    ]
  ) equal(ask(url), 403, url);
});

Deno.test("refuse() refuses pages of other origins, even with the token", () => {
  const url = "http://127.0.0.1:8080/_perfmock/reset";
  const own = { origin: "http://127.0.0.1:8080", authorization: "Bearer t" };
  equal(ask(url, own, "t"), 200);
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "sec-fetch-site": site, authorization: "Bearer t" };
    equal(ask(url, headers, "t"), 403, site);
    equal(ask(url, { "sec-fetch-site": site }), 403, site);
  }
  for (
    const origin of [
      "http://evil.example",
      "http://127.0.0.1:3000",
      "https://127.0.0.1:8080",
      "null",
    ]
  ) {
    equal(ask(url, { origin }), 403, origin);
    equal(ask(url, { origin, authorization: "Bearer t" }, "t"), 403, origin);
  }
});

Deno.test("refuse() refuses pages of our own origin without a token, but not an address that a user typed, nor programs", () => {
  const url = "http://127.0.0.1:8080/_perfmock/reset";
  equal(ask(url, { origin: "http://127.0.0.1:8080" }), 403);
  equal(ask(url, { "sec-fetch-site": "same-origin" }), 403);
  equal(ask(url, { "sec-fetch-site": "same-origin" }, "t"), 401);
  equal(ask(url, { "sec-fetch-site": "none" }), 200);
  // Node's fetch() sends this header and no other of its family.
  equal(ask(url, { "sec-fetch-mode": "cors" }), 200);
});

Deno.test("refuse() compares the scheme without case, and the token with it", () => {
  const url = "http://127.0.0.1:8080/_perfmock/reset";
  for (const authorization of ["bearer Secret", "BEARER  Secret"]) {
    equal(ask(url, { authorization }, "Secret"), 200, authorization);
  }
  for (const authorization of ["Bearer secret", "Bearer Secret x", "Bearer"]) {
    equal(ask(url, { authorization }, "Secret"), 401, authorization);
  }
});

Deno.test("refuse() says whether the token is missing or wrong", async () => {
  const details = await Promise.all(
    [undefined, { authorization: "Bearer other" }].map(async (headers) => {
      const request = new Request("http://127.0.0.1:8080/_perfmock/health", {
        ...headers !== undefined && { headers },
      });
      const refusal = refuse(request, { token: "secret" });
      return (await refusal?.json()).detail;
    }),
  );
  deepEqual(details, [
    "Send control.token as Authorization: Bearer TOKEN",
    "The token in Authorization is not control.token",
  ]);
});

Deno.test("refuse() requires the token if one is configured, and then accepts any host", () => {
  const url = "http://mock.example/_perfmock/health";
  const answers = [
    "",
    "Bearer secret2",
    "Bearer secre",
    "Basic secret",
    "secret",
    "Bearer secret",
  ].map((authorization) => ask(url, { authorization }, "secret"));
  deepEqual(answers, [401, 401, 401, 401, 401, 200]);
  equal(ask(url, {}, "secret"), 401);
  const refusal = refuse(new Request(url), { token: "secret" });
  equal(refusal?.headers.get("www-authenticate"), "Bearer");
});
