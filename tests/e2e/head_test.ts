import { deepEqual, equal } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";

const ROUTES = [
  { path: "/text", response: { text: "hällo" } },
  { path: "/json", response: { json: { a: 1 } } },
  { path: "/template", response: { text: "number {{sequence}}" } },
  { path: "/wire", response: { text: "slowly" }, wire: { bandwidth: "1MB/s" } },
  { path: "/empty", response: { status: 201 } },
  { path: "/none", response: { status: 204 } },
  {
    path: "/fault",
    response: { text: "whole" },
    faults: [{ share: 1, status: 503, text: "broken" }],
  },
  {
    path: "/cut",
    response: { text: "whole" },
    faults: [{ share: 1, action: "cut-body" as const }],
  },
  { path: "/events", response: { events: { count: 2, data: "x" } } },
];

/** Returns the length that the answer to HEAD announces, and the body's length in answer to GET. */
async function lengths(
  url: URL,
): Promise<readonly [announced: string | null, sent: number]> {
  const head = await fetch(url, { method: "HEAD" });
  equal(await head.text(), "");
  const got = await fetch(url);
  return [
    head.headers.get("content-length"),
    (await got.arrayBuffer()).byteLength,
  ];
}

for (const engine of ENGINES) {
  Deno.test(`HEAD announces the length that GET sends, or none, on the engine ${engine}`, async () => {
    await using server = await createPerfmock({
      server: { port: 0, engine },
      routes: ROUTES,
    });
    const { url } = server;
    deepEqual(
      Object.fromEntries(
        await Promise.all(
          ["text", "json", "template", "wire", "empty", "none", "fault"]
            .map(async (path) => [path, await lengths(new URL(path, url))]),
        ),
      ),
      {
        text: ["6", 6],
        json: ["7", 7],
        template: ["8", 8],
        wire: ["6", 6],
        empty: ["0", 0],
        none: [null, 0],
        fault: ["6", 6],
      },
    );
    for (const path of ["events", "metrics"]) {
      const [announced, sent] = await lengths(new URL(path, url));
      deepEqual([path, announced, sent > 0], [path, null, true]);
    }
    const cut = await fetch(new URL("cut", url), { method: "HEAD" });
    equal(cut.headers.get("content-length"), "5");
    await cut.body?.cancel();
    const unmatched = await fetch(new URL("nowhere", url), { method: "HEAD" });
    equal(unmatched.headers.get("content-length") === "0", false);
    await unmatched.body?.cancel();
  });
}
