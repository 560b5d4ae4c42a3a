import { deepEqual, equal, match } from "node:assert/strict";
import { serving } from "../support/cli.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

/** Plugin whose errors pass through no door of perfmock. */
const STRAY = `
export default {
  name: "stray",
  version: "1.0.0",
  setup: () => ({
    route: () => ({
      observe() {
        setTimeout(() => { throw new Error("in a timer"); });
        Promise.reject(new Error("in a promise"));
        Promise.reject("without a stack");
      },
    }),
  }),
};`;

for (const engine of ["auto", "node"]) {
  Deno.test(`serve goes on after errors that nothing has caught, and lays them at the plugin's door, with ${engine}`, async () => {
    await using folder = await folderWith({
      "stray.js": STRAY,
      "perfmock.json": JSON.stringify({
        server: { port: 0, engine },
        plugins: { "./stray.js": {} },
        routes: [{ path: "/r" }],
      }),
    });
    await using server = await serving([
      "--config",
      `${folder.path}/perfmock.json`,
    ]);
    const ask = async (path: string) =>
      await (await fetch(new URL(path, server.url))).text();
    let reasons: string[] = [];
    await ask("/r");
    await until(async () => {
      ({ reasons } = JSON.parse(await ask("/_perfmock/health")));
      return reasons.filter((reason) => / has failed /.test(reason)).length > 2;
    });
    deepEqual(
      reasons.filter((reason) => / has failed /.test(reason)).sort(),
      [
        'Plugin "stray" (event or timer) has failed once since the start or the last reset: Error: in a timer',
        'Plugin "stray" (promise) has failed once since the start or the last reset: Error: in a promise',
        "perfmock itself (unhandled promise) has failed once since the start or the last reset: without a stack",
      ],
    );
    const metrics = await ask("/metrics");
    match(
      metrics,
      /perfmock_plugin_errors_total\{plugin="stray",member="promise"\} 1/,
    );
    match(
      metrics,
      /perfmock_internal_errors_total\{part="unhandled promise"\} 1/,
    );
    await ask("/r");
    server.signal("SIGTERM");
    const { err, status } = await server.ended;
    equal(status, 0);
    // Each message once, although each error occurred twice.
    equal(err.split("in a timer").length, 2);
    match(
      err,
      /Plugin "stray" failed in promise: .* at file:\S+stray\.js:9:24 \[PLUGIN_FAILED\]/,
    );
  });
}
