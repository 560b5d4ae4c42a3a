import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { Secrets } from "../../../../plugins/importer/recording/secrets.ts";
import { importOf } from "../_imported.ts";
import { HEAD, recorder, seen } from "./_written.ts";

/** Texts that hold a secret in a known place, and their content types. */
const BODIES: readonly (readonly [
  type: string,
  text: (secret: string) => string,
])[] = [
  ["application/json", (s) => JSON.stringify({ id: 1, password: s })],
  ["application/json", (s) => JSON.stringify({ a: [{ Access_Token: s }] })],
  ["application/json", (s) => JSON.stringify({ credentials: { x: [s, [s]] } })],
  [
    "application/json",
    (s) => JSON.stringify({ note: JSON.stringify({ clientSecret: s }) }),
  ],
  ["application/problem+json", (s) => ` {"api-key" : ${JSON.stringify(s)} }`],
  [
    "application/json",
    (s) => JSON.stringify({ next: `/a?token=${encodeURIComponent(s)}&b=1` }),
  ],
  ["text/event-stream", (s) => `data: ${JSON.stringify({ token: s })}\n\n`],
  [
    "application/x-ndjson",
    (s) => `{"a":1}\n${JSON.stringify({ secret: s })}\n`,
  ],
  [
    "application/x-www-form-urlencoded",
    (s) => `a=1&refresh_token=${encodeURIComponent(s)}`,
  ],
];

/** Texts whose structure cannot hold each character. */
const PLAIN_BODIES: readonly (readonly [
  type: string,
  text: (secret: string) => string,
])[] = [
  ["application/xml", (s) => `<a><ns:password x="1">${s}</ns:password></a>`],
  ["application/xml", (s) => `<user apiKey="${s}" name="x"/>`],
  ["text/html", (s) => `<input type="hidden" name="csrf_token" value="${s}">`],
  ["text/html", (s) => `<meta content='${s}' name='csrf-token'>`],
  ["text/html", (s) => `<script>window.config = { apiKey: "${s}" }</script>`],
  ["text/javascript", (s) => `const c = {"access_token":'${s}'}`],
  ["text/plain", (s) => `user=1\npassword: ${s}\n`],
  ["text/csv", (s) => `id,password,name\n1,${s},x\n2,"${s}",y\n`],
  ["text/plain", (s) => `see https://u:${s}@example.com/`],
  ["text/plain", (s) => `Authorization: Bearer ${s}`],
];

/** A secret of printable characters, long enough to be no ordinary word. */
const SECRET = fc.string({
  minLength: 16,
  maxLength: 40,
  unit: "grapheme-ascii",
})
  .map((text) => `Q7z${text}9x`);

/** A secret of letters and digits, as tokens are. */
const TOKEN = fc.stringMatching(/^[A-Za-z0-9_-]{20,40}$/).map((text) =>
  `Q7z${text}9x`
);

/** Texts that a secret may be written as. */
function encodings(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  ];
}

function holdsNone(text: string, secret: string): void {
  for (const form of encodings(secret)) {
    ok(!text.includes(form), `${form} of ${secret} stands in ${text}`);
  }
}

Deno.test("Recorder.record() writes no secret of a header, a cookie, a query or a body, nor of an answer that repeats it", () => {
  fc.assert(
    fc.property(
      SECRET,
      fc.constantFrom("authorization", "cookie", "x-api-key", "X-Auth-Token"),
      fc.constantFrom(...BODIES),
      (secret, header, [type, body]) => {
        const value = header === "cookie"
          ? `sid=${encodeURIComponent(secret)}`
          : secret;
        const { recorder: one, text } = recorder();
        one.record(seen(`/a?access_token=${encodeURIComponent(secret)}&b=2`, {
          requestHeaders: [
            [header, header === "authorization" ? `Bearer ${secret}` : value],
            ["content-type", "application/json"],
          ],
          requestText: JSON.stringify({ user: "u", password: secret }),
          type,
          text: body(secret),
          headers: [
            [
              "Set-Cookie",
              `sid=${encodeURIComponent(secret)}; Path=/; HttpOnly`,
            ],
            ["X-Session-Token", secret],
            ["Location", `/b?code=${encodeURIComponent(secret)}#x`],
          ],
        }));
        // The answer repeats it under a name that says nothing.
        one.record(seen("/echo", {
          method: "POST",
          requestHeaders: [["x-api-key", secret]],
          text: JSON.stringify({
            youSent: secret,
            path: encodeURIComponent(secret),
          }),
          headers: [["X-Echo", secret]],
        }));
        holdsNone(text(), secret);
        match(text(), /removed/);
      },
    ),
    { numRuns: 300, seed: 22 },
  );
});

Deno.test("Recorder.record() writes no secret of markup, tables, code and plain text", () => {
  fc.assert(
    fc.property(
      TOKEN,
      fc.constantFrom(...PLAIN_BODIES, ...BODIES),
      (secret, [type, body]) => {
        const { recorder: one, text } = recorder();
        one.record(seen("/a", { type, text: body(secret) }));
        holdsNone(text(), secret);
      },
    ),
    { numRuns: 400, seed: 23 },
  );
});

Deno.test("A mock and a load script of a recording hold no secret of the recording's exchanges", async () => {
  for (const secret of fc.sample(TOKEN, { numRuns: 3, seed: 24 })) {
    const { recorder: one, text } = recorder();
    for (
      const [index, [type, body]] of [...BODIES, ...PLAIN_BODIES].entries()
    ) {
      one.record(seen(`/p${index}?token=${secret}&page=1`, {
        requestHeaders: [["cookie", `sid=${secret}`]],
        type,
        text: body(secret),
        headers: [["Set-Cookie", `sid=${secret}; Path=/`]],
      }));
      one.leave("clients that left", "GET", `/x/${secret}`);
    }
    const { status, text: mock, script, summary } = await importOf({
      "a.jsonl": HEAD + text() + `${
        JSON.stringify({
          kind: "stopped",
          at: "2026-11-27T16:00:00.000Z",
          exchanges: 1,
          removed: one.removed,
          leftOut: one.leftOut,
        })
      }\n`,
    });
    equal(status, 0, summary);
    for (const written of [mock, script?.text ?? "", summary]) {
      holdsNone(written, secret);
    }
    match(mock, /Set-Cookie: "?sid=\{\{uuid\}\}; Path=\//);
  }
});

Deno.test("Secrets recognises tokens, keys, cards and numbers by their form, and leaves others", () => {
  const jwt = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${
    btoa('{"sub":"1234567890"}').replaceAll("=", "")
  }.c2lnbmF0dXJl`;
  const found: readonly string[] = [
    jwt,
    "AKIAIOSFODNN7EXAMPLE",
    `ghp_${"a1B2".repeat(9)}`,
    "xoxb-123456789012-abcdefABCDEF",
    `sk_live_${"a1".repeat(12)}`,
    `AIza${"b2c3d".repeat(7)}`,
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "340000000000009",
    "078-05-1120",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
  ];
  for (const secret of found) {
    const secrets = new Secrets();
    const written = secrets.body(
      JSON.stringify({ note: `x ${secret} y` }),
      "application/json",
    );
    ok(!written.includes(JSON.stringify(secret).slice(1, -1)), secret);
    match(written, /x removed y/);
    equal(secrets.removed.length, 1);
  }
  const kept = JSON.stringify({
    id: "4111111111111112",
    at: 1_700_000_000_000,
    max_tokens: 4096,
    secretary: "Ann",
    page: "2026-11-27",
    phone: "555-0100",
    hasPassword: true,
    token: null,
    empty: { password: "" },
  });
  const secrets = new Secrets();
  equal(secrets.body(kept, "application/json"), kept);
  deepEqual(secrets.removed, []);
});

Deno.test("Secrets keeps digits, spaces and order of JSON, and replaces numbers by 0", () => {
  const secrets = new Secrets();
  equal(
    secrets.body(
      '{ "price": 10.00,\n "id": 12345678901234567890, "pin": 4711, "pan": "x", "card": 4111111111111111 }',
      "application/json",
    ),
    '{ "price": 10.00,\n "id": 12345678901234567890, "pin": 0, "pan": "removed", "card": 0 }',
  );
});

Deno.test("Secrets keeps the names that a user keeps, and removes those that a user adds", () => {
  const secrets = new Secrets({
    keep: ["next_token", "theme"],
    remove: ["E-Mail"],
  });
  equal(
    secrets.body(
      '{"nextToken":"abc","email":"a@b.example"}',
      "application/json",
    ),
    '{"nextToken":"abc","email":"removed"}',
  );
  equal(
    secrets.header("Set-Cookie", "theme=dark; Path=/"),
    "theme=dark; Path=/",
  );
  equal(secrets.target("/a?e_mail=x&q=1"), "/a?e_mail=removed&q=1");
  deepEqual(
    secrets.removed.map(({ where, name, count }) => [where, name, count]),
    [
      ["queries", "e_mail", 1],
      ["bodies of answers", "email", 1],
    ],
  );
});

Deno.test("Secrets lists at most 1000 names, and counts all", () => {
  const secrets = new Secrets();
  for (let i = 0; i < 1500; i++) secrets.target(`/a?token${i}_token=x${i}`);
  ok(secrets.removed.length <= 1001);
  equal(secrets.removed.reduce((sum, { count }) => sum + count, 0), 1500);
});

Deno.test("Secrets takes little time for texts that are made to take long", () => {
  const secrets = new Secrets();
  const texts = [
    "-----BEGIN PRIVATE KEY-----".repeat(9000),
    "<a".repeat(120_000),
    `<password ${'x="'.repeat(60_000)}`,
    "password".repeat(30_000),
    `password${" ".repeat(240_000)}`,
    `"password":"${"\\".repeat(240_000)}`,
    "//a:".repeat(60_000),
    "4".repeat(250_000),
    "4 ".repeat(120_000),
    "eyJ".repeat(80_000),
    `eyJ${"a".repeat(200_000)}`,
    "[".repeat(20_000) + "]".repeat(20_000),
    "a=".repeat(120_000),
    "?token=".repeat(30_000),
  ];
  const start = performance.now();
  for (const text of texts) {
    for (const type of ["text/html", "text/plain", "application/json"]) {
      secrets.body(text, type);
    }
  }
  // A regular expression that backtracks would take minutes.
  ok(performance.now() - start < 30_000, `${performance.now() - start} ms`);
});
