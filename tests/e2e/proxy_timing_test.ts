// Runs alone, without the profiler: measures time.
import { equal, ok } from "node:assert/strict";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";
import { proxied } from "./_proxied.ts";

eachEngine.test("a delay is added to a proxied answer, whichever of the upstream's and the drawn time is later", async () => {
  for (
    const [upstream, drawn, delay] of [
      [300, 0, 200],
      [300, 100, 300],
      [300, 400, 100],
      [0, 300, 200],
      [0, 0, 500],
      [500, 0, 0],
    ]
  ) {
    await using there = await proxied(async () => {
      await new Promise((resolve) => setTimeout(resolve, upstream));
      return new Response("ok");
    }, { serviceTime: `${drawn}ms`, delay: `${delay}ms` });
    const start = performance.now();
    const response = await get(there.server, "/");
    const took = performance.now() - start;
    equal(await response.text(), "ok");
    const expected = Math.max(upstream, drawn) + delay;
    const what = `${upstream}, ${drawn} and ${delay} ms took ${took} ms`;
    ok(took >= expected - 1 && took < expected + 180, what);
    equal(there.server.stats().routes.p.early, 0);
    const [{ latenessMs }] = there.server.requests();
    ok(latenessMs !== null && latenessMs >= 0 && latenessMs < 100, what);
  }
});

eachEngine.test("a proxied answer leaves at the later of the upstream's and the drawn time", async () => {
  for (const [upstream, drawn] of [[300, 200], [0, 300]]) {
    let asked = NaN;
    await using there = await proxied(async () => {
      asked = performance.now();
      await new Promise((resolve) => setTimeout(resolve, upstream));
      return new Response("ok");
    }, { serviceTime: `${drawn}ms` });
    const start = performance.now();
    const response = await get(there.server, "/");
    const took = performance.now() - start;
    equal(await response.text(), "ok");
    ok(took >= 299 && took < 480, `${took}`);
    ok(asked - start < 150, "the upstream was asked at admission");
    equal(there.server.stats().routes.p.early, 0);
  }
});
