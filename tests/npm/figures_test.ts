import { equal, match } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { describeStats } from "../../npm/figures.ts";

Deno.test("describeStats() writes a line for each route that was asked, and the requests that matched none", async () => {
  await using test = await createTestServer({
    routes: [
      { id: "slow", path: "/slow", serviceTime: "40ms" },
      { id: "idle", path: "/idle" },
      { id: "bad", path: "/bad", faults: [{ share: 1, status: 503 }] },
    ],
  });
  await test.measure("/slow", 3);
  for (const path of ["/bad", "/none?n=1", "/none", "/other"]) {
    await (await test.request(path)).response.body?.cancel();
  }
  const lines = describeStats(test.server.stats()).split("\n");
  equal(lines[0], "Times in ms");
  match(
    lines[2],
    /^route +requests +refused +failed +gone +drawn p50 +time p50 +time p95 +time max +late p99$/,
  );
  match(lines[3], /^slow +3 +0 +0 +0 +40\.0 +40\.0 +40\.0 +40\.0 +0\.0$/);
  match(lines[4], /^bad +1 /);
  equal(
    lines.slice(5).join("\n"),
    "\n3 requests matched no route:\n  GET /none (2 times)\n  GET /other\n",
  );
});

Deno.test("describeStats() of a server that nobody asked, and of one with requests under way", async () => {
  await using test = await createTestServer({
    routes: [{ id: "a", path: "/a", serviceTime: "1h" }],
  });
  equal(describeStats(test.server.stats()), "No request reached a route\n");
  const under = test.server.fetch(new Request("http://localhost/a"));
  const text = describeStats(test.server.stats());
  match(text, /^a +1 +0 +0 +0 +– +– +– +– +–$/m);
  match(text, /\n\n1 in flight at the end\n$/);
  test.clock.advance(3_600_000);
  await (await under).body?.cancel();
  await (await test.request("/x")).response.body?.cancel();
  match(describeStats(test.server.stats()), /^1 request matched no route:$/m);
});
