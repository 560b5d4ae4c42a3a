import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";
import { folderWith } from "../support/plugins.ts";

const FRONTEND = "http://app.example";

eachEngine.test("a page of another origin may read answers with credentials, refusals included", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/x" }],
  });
  const headers = { origin: FRONTEND };
  for (const path of ["/x", "/unknown"]) {
    const response = await get(server, path, { headers });
    deepEqual(
      ["origin", "credentials"].map((name) =>
        response.headers.get(`access-control-allow-${name}`)
      ),
      [FRONTEND, "true"],
    );
    match(
      response.headers.get("access-control-expose-headers") ?? "",
      /Server-Timing, Perfmock-Sequence/,
    );
    match(response.headers.get("vary") ?? "", /Origin/);
    await response.body?.cancel();
  }
});

eachEngine.test("preflights are answered at once for any path, without delay or sequence number", async () => {
  await using server = await createPerfmock({
    routes: [
      { path: "/slow", method: "*", serviceTime: "1h" },
      { id: "x", path: "/x", method: "POST" },
    ],
  });
  const asked = {
    origin: FRONTEND,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x-request-id",
  };
  for (const path of ["/slow", "/x", "/unknown", "/x"]) {
    const response = await get(server, path, {
      method: "OPTIONS",
      headers: asked,
    });
    deepEqual(
      [
        response.status,
        response.headers.get("access-control-allow-methods"),
        response.headers.get("access-control-allow-headers"),
        response.headers.get("perfmock-sequence"),
      ],
      [204, "POST", "x-request-id", null],
    );
    await response.body?.cancel();
  }
});

eachEngine.test("a route written for OPTIONS answers preflights itself, with its time, status and headers", async () => {
  await using server = await createPerfmock({
    routes: [
      { path: "/both", method: ["POST", "OPTIONS"], response: { status: 200 } },
      {
        path: "/own",
        method: "OPTIONS",
        serviceTime: "20ms",
        response: {
          status: 204,
          headers: {
            "Access-Control-Allow-Origin": "https://only.example",
            "Access-Control-Max-Age": "5",
          },
        },
      },
    ],
  });
  const ask = async (path: string, headers: Record<string, string>) => {
    const response = await get(server, path, { method: "OPTIONS", headers });
    await response.body?.cancel();
    return response;
  };
  const preflight = {
    origin: FRONTEND,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x-request-id",
  };
  const both = await ask("/both", preflight);
  deepEqual(
    [
      "allow-origin",
      "allow-methods",
      "allow-headers",
      "max-age",
    ].map((name) => both.headers.get(`access-control-${name}`)),
    [FRONTEND, "POST", "x-request-id", "7200"],
  );
  equal(both.headers.get("perfmock-sequence"), "0");
  const plain = await ask("/both", {});
  equal(plain.headers.get("perfmock-sequence"), "1");
  equal(plain.headers.get("access-control-allow-methods"), null);
  const own = await ask("/own", preflight);
  deepEqual(
    [
      own.status,
      own.headers.get("access-control-allow-origin"),
      own.headers.get("access-control-allow-methods"),
      own.headers.get("access-control-max-age"),
    ],
    [204, "https://only.example", null, "5"],
  );
  equal(server.stats().routes["options-own"].answered, 1);
});

eachEngine.test("a page may read each header of an answer, whoever has set it", async () => {
  await using files = await folderWith({ "a.txt": "hello" });
  await using server = await createPerfmock({
    plugins: {
      limiter: {
        pools: { p: { concurrency: 1, rateLimit: { rate: "1000/s" } } },
      },
    },
    routes: [
      {
        path: "/fixed",
        response: { headers: { "X-Total-Count": "3", Link: ["<a>", "<b>"] } },
      },
      { path: "/file", response: { file: "a.txt" } },
      {
        path: "/limited/:x",
        limiter: "p",
        response: { text: "{{path.x}}", headers: { "X-Own": "1" } },
      },
      {
        path: "/refused",
        faults: [{ share: 1, status: 503, retryAfter: "1s" }],
      },
    ],
  }, { folder: files.path });
  const hidden = new Set([
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "last-modified",
    "timing-allow-origin",
    "transfer-encoding",
    "vary",
  ]);
  for (
    const path of ["/fixed", "/file", "/limited/1", "/refused", "/unknown"]
  ) {
    const response = await get(server, path, { headers: { origin: FRONTEND } });
    const exposed = new Set(
      response.headers.get("access-control-expose-headers")?.toLowerCase()
        .split(/\s*,\s*/),
    );
    for (const name of response.headers.keys()) {
      if (hidden.has(name) || name.startsWith("access-control-")) continue;
      equal(exposed.has(name), true, `${path}: ${name}`);
    }
    await response.body?.cancel();
  }
});

eachEngine.test("CORS can be turned off", async () => {
  await using server = await createPerfmock({
    server: { cors: false },
    routes: [{ path: "/x" }],
  });
  const response = await get(server, "/x", { headers: { origin: FRONTEND } });
  equal(response.headers.get("access-control-allow-origin"), null);
  await response.body?.cancel();
  const preflight = await get(server, "/x", {
    method: "OPTIONS",
    headers: { origin: FRONTEND, "access-control-request-method": "POST" },
  });
  equal(preflight.status, 405);
  await preflight.body?.cancel();
});
