import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";

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
      { id: "x", path: "/x", method: ["POST", "OPTIONS"] },
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
  // A request that is no preflight is handled like any other.
  const plain = await get(server, "/x", { method: "OPTIONS" });
  equal(plain.headers.get("perfmock-sequence"), "0");
  await plain.body?.cancel();
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
