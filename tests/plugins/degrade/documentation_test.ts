import { deepEqual, equal, ok } from "node:assert/strict";
import { parse } from "yaml";
import { createTestServer } from "../../../core/testing.ts";
import type { DegradeReport } from "../../../plugins/degrade/mod.ts";

const DOCUMENTATION = new URL(
  "../../../docs/degradation.md",
  import.meta.url,
);

Deno.test("the configuration in docs/degradation.md works as written", async () => {
  const text = await Deno.readTextFile(DOCUMENTATION);
  const [, yaml] = /```yaml\n([^`]+)```/.exec(text) ?? [];
  ok(yaml !== undefined);
  await using test = await createTestServer(parse(yaml));
  deepEqual(test.server.warnings, []);
  const { routes } = test.server.stats().plugins.degrade as DegradeReport;
  deepEqual(Object.values(routes).map(({ model }) => model), [
    "erlang-c",
    "gc-pause",
    "leak",
  ]);
  for (const path of ["/orders", "/search", "/report"]) {
    const { response } = await test.request(path);
    equal(response.status, 200);
    await response.body?.cancel();
  }
});
