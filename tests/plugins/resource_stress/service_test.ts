import { deepEqual, equal, rejects } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import {
  SCENARIOS,
  type StressScenarios,
} from "../../../plugins/resource_stress/mod.ts";
import type { Plugin } from "../../../core/plugin.ts";
import { call, json } from "../../support/http.ts";

/** A server, and the service as another plugin gets it. */
async function withService() {
  const found: { service?: StressScenarios } = {};
  const user: Plugin = {
    name: "user",
    version: "1.0.0",
    requires: ["resource_stress"],
    setup(host) {
      found.service = host.use(SCENARIOS);
      return {};
    },
  };
  const server = await createTestServer({ plugins: { user: {} } }, {
    plugins: [user],
  });
  if (found.service === undefined) throw new Error("Nobody asked for it");
  return { server, service: found.service };
}

/** The ids of what runs. */
async function running(
  { server }: Awaited<ReturnType<typeof createTestServer>>,
): Promise<string[]> {
  const { scenarios } = await json<{ scenarios: { id: string }[] }>(
    call(server, "/_perfmock/resource_stress/scenarios"),
  );
  return scenarios.map(({ id }) => id);
}

const BLOCKS = { eventLoop: { block: "5ms", every: "1s" }, duration: "10s" };

Deno.test("The service starts a scenario for another plugin, and ends it once", async () => {
  const { server, service } = await withService();
  await using _ = server;
  deepEqual(service.faults(BLOCKS), []);
  const scenario = await service.start(BLOCKS, 'scenario "burn" of run 1');
  deepEqual(await running(server), [scenario.id]);
  await scenario.stop();
  await scenario.stop();
  deepEqual(await running(server), []);
  const report = await json(
    call(server.server, `/_perfmock/resource_stress/scenarios/${scenario.id}`),
  );
  equal(report.owner, 'scenario "burn" of run 1');
  equal(report.reason, 'scenario "burn" of run 1 ended it');
});

Deno.test("The service tells all faults of a scenario, each with its path, and starts nothing", async () => {
  const { server, service } = await withService();
  await using _ = server;
  const wrong = {
    cpu: { load: 2, workers: 5000 },
    memory: { size: "1000TiB" },
    "a/b~c": 1,
  };
  const faults = service.faults(wrong);
  deepEqual(faults.map(({ path, value }) => [path, value]), [
    ["/cpu/load", 2],
    ["/cpu/workers", 5000],
    ["/a~1b~0c", 1],
    ["/memory/size", "1000TiB"],
  ]);
  await rejects(service.start(wrong, "me"), {
    name: "PerfmockError",
    code: "ARGUMENT_INVALID",
    message: "Cannot start scenario",
    issues: faults,
  });
  deepEqual(await running(server), []);
});

Deno.test("The service refuses what exceeds the cap together with what runs", async () => {
  const { server, service } = await withService();
  await using _ = server;
  const half = { eventLoop: { block: "50ms", every: "100ms" } };
  await service.start(half, "the first");
  deepEqual(service.faults(half).map(({ message }) => message), [
    "Cannot take 50 % of the event loop's time: the cap on block over every is 90 % of the event loop's time, of which running scenarios take 50 % of the event loop's time",
  ]);
});
