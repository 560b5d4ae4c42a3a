// Runs alone, without the profiler: measures time.
import { equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { createServer } from "../../core/app.ts";
import { createPerfmock } from "../../mod.ts";
import { folderWith } from "../support/plugins.ts";

Deno.test("A recorder adds little time to each request, and none of it to what it records", async () => {
  await using folder = await folderWith({});
  await using recorder = await createServer({}, { listen: false });
  await using upstream = await createPerfmock({
    routes: [{ path: "/a", serviceTime: "10ms", response: { json: { a: 1 } } }],
  });
  const file = join(folder.path, "a.jsonl");
  await using recording = await recorder.record({
    upstream: upstream.url.href,
    file,
  });
  const times = { direct: [] as number[], recorded: [] as number[] };
  // In turn, so that both meet the same machine.
  for (let i = 0; i < 150; i++) {
    for (
      const [name, url] of [
        ["direct", upstream.url],
        ["recorded", recording.url],
      ] as const
    ) {
      const start = performance.now();
      await (await fetch(new URL("/a", url))).arrayBuffer();
      times[name].push(performance.now() - start);
    }
  }
  recording.stop();
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[values.length >> 1];
  const [direct, recorded] = [times.direct, times.recorded].map(median);
  const waits = (await Deno.readTextFile(file)).trimEnd().split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === "exchange")
    .map(({ wait }) => wait as number);
  equal(waits.length, 150);
  const wait = median(waits);
  const figures = `direct ${direct.toFixed(2)} ms, through the recorder ${
    recorded.toFixed(2)
  } ms (×${(recorded / direct).toFixed(2)}), recorded ${wait.toFixed(2)} ms`;
  ok(recorded < 1.5 * direct, figures);
  ok(wait >= 10 && wait < 1.15 * direct, figures);
});
