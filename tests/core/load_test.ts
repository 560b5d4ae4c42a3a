import { BUILTIN } from "../../core/builtin.ts";
import { equal, ok } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { threadHost } from "../../core/load.ts";

const folder = pathToFileURL("/").href;
const builtin = BUILTIN.module;

Deno.test("threadHost() parses distributions with the families and profiles of the configuration", async () => {
  const { kit, suggest } = await threadHost({
    json: JSON.stringify({
      plugins: { distributions: { profiles: { slow: "2s" } } },
    }),
    folder,
    builtin,
  });
  equal(kit.distribution().parse("slow").mean, 2000);
  equal(kit.duration().parse("5ms"), 5);
  equal(suggest("slo", ["slow", "fast"]), "slow");
});

Deno.test("threadHost() works without plugins that were given as objects", async () => {
  const { kit } = await threadHost({
    json: JSON.stringify({
      plugins: { mine: { x: 1 } },
      routes: [{ path: "/", mine: 2 }],
    }),
    folder,
    builtin,
  });
  equal(kit.distribution().parse("uniform(min=1ms, max=3ms)").mean, 2);
});

Deno.test("threadHost() returns the same random numbers for a seed and a name on every thread", async () => {
  const draws = await Promise.all([1, 2].map(async () => {
    const { stream } = await threadHost({ json: "{}", folder, builtin });
    return (await stream(7, "browse")).uniform(0);
  }));
  equal(draws[0], draws[1]);
  ok(draws[0] > 0 && draws[0] < 1);
});
