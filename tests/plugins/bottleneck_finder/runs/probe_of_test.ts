import { equal, throws } from "node:assert/strict";
import { PreciseClock, VirtualClock } from "../../../../core/lib/time/mod.ts";
import { PerfmockError } from "../../../../mod.ts";
import { probeOf } from "../../../../plugins/bottleneck_finder/runs/probe_of.ts";
import type { PageSettings } from "../../../../plugins/bottleneck_finder/script/script.ts";

const HOST = { clock: new VirtualClock(), find: () => undefined };
const URL_OF_SERVER = new URL("http://127.0.0.1:8080/");

const PAGE: PageSettings = {
  kind: "page",
  url: "/shop",
  figure: "FCP",
  actions: undefined,
  timeout: 1000,
  quiet: 500,
  ignore: [],
  cold: true,
  cpu: undefined,
  executable: undefined,
};

Deno.test("probeOf() makes the probe of each kind", async () => {
  await using page = probeOf(PAGE, URL_OF_SERVER, HOST);
  equal(page.figure, "FCP");
  await using beacon = probeOf(
    { kind: "beacon", figure: "INP", url: undefined, timeout: 1000 },
    URL_OF_SERVER,
    HOST,
  );
  equal(beacon.figure, "INP");
  await using command = probeOf(
    { kind: "command", run: "true", figure: "/a", timeout: 1000, folder: "/" },
    undefined,
    HOST,
  );
  equal(command.figure, "/a");
  const actions = { ...PAGE, cold: false, actions: "/shop/buy.ts" };
  await using other = probeOf(
    { ...actions, url: "http://localhost:1/" },
    undefined,
    HOST,
  );
  equal(other.figure, "FCP");
});

Deno.test("probeOf() refuses a path where the server does not listen", () => {
  throws(
    () => probeOf(PAGE, undefined, HOST),
    (error) => error instanceof PerfmockError && error.code === "FIND_FAILED",
  );
});

Deno.test("probeOf() gives a command the server's URL, which paths can be put after", async () => {
  await using clock = new PreciseClock();
  await using command = probeOf(
    {
      kind: "command",
      run: 'echo "{\\"length\\": ${#PERFMOCK_URL}}"',
      figure: "/length",
      timeout: 10_000,
      folder: "/",
    },
    URL_OF_SERVER,
    { clock, find: () => undefined },
  );
  const loaded = await command.load({
    cpu: 1,
    floors: new Map(),
    signal: new AbortController().signal,
  });
  equal(
    "figure" in loaded && loaded.figure,
    "http://127.0.0.1:8080".length,
    JSON.stringify(loaded),
  );
});
