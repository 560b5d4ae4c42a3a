import { deepEqual, equal } from "node:assert/strict";
import { gather } from "../../../core/world/plugin_loader.ts";
import type { Contributions, Family, Plugin } from "../../../core/plugin.ts";

const FAMILY: Family = {
  name: "rayleigh",
  parameters: ({ z }) => z.strictObject({}),
  create: () => ({ quantile: (u) => u }),
};

function entry(name: string, contributes: Plugin["contributes"], options = {}) {
  return {
    key: name,
    options,
    plugin: { name, version: "1.0.0", contributes },
  };
}

Deno.test("gather() collects families and profiles, and the path of each profile", () => {
  const { families, profiles, issues } = gather([
    entry("a", { families: [FAMILY] }),
    entry("b", (options) => options as Contributions, {
      profiles: { "slow/db": "2s" },
    }),
    entry("c", undefined),
  ]);
  equal(families.get("rayleigh"), FAMILY);
  deepEqual([...profiles], [["slow/db", {
    value: "2s",
    path: "/plugins/b/profiles/slow~1db",
  }]]);
  deepEqual(issues, []);
});

Deno.test("gather() reports names that two plugins contribute, and keeps the first", () => {
  const other = { ...FAMILY };
  const { families, profiles, issues } = gather([
    entry("a", { families: [FAMILY], profiles: { p: "1ms" } }),
    entry("b", { families: [other], profiles: { p: "2ms" } }),
  ]);
  equal(families.get("rayleigh"), FAMILY);
  equal(profiles.get("p")?.value, "1ms");
  deepEqual(
    issues.map(({ code, issue }) => [code, issue.path, issue.message]),
    [
      [
        "PLUGIN_INVALID",
        "/plugins/b",
        'Plugin "b" contributes a family "rayleigh" that another plugin contributes already',
      ],
      [
        "PLUGIN_INVALID",
        "/plugins/b",
        'Plugin "b" contributes a profile "p" that another plugin contributes already',
      ],
    ],
  );
});

Deno.test("gather() names the plugin whose contributions fail", () => {
  const { issues } = gather([
    entry("thrower", () => {
      throw new Error("boom");
    }),
    entry("number", { families: 5 } as unknown as Contributions),
  ]);
  deepEqual(
    issues.map(({ issue }) => issue.message.slice(0, 58)),
    [
      'Plugin "thrower" cannot tell its contributions: Error: boom',
      'Plugin "number" cannot tell its contributions: TypeError: n',
    ].map((text) => text.slice(0, 58)),
  );
});

Deno.test("gather() refuses a value that is not a family", () => {
  const { families, issues } = gather([
    entry("a", {
      families: [
        { ...FAMILY, name: "Upper" },
        { ...FAMILY, create: undefined },
        { ...FAMILY, parameters: {} },
        null,
      ] as unknown as Family[],
    }),
  ]);
  equal(families.size, 0);
  deepEqual(issues.map(({ issue }) => issue.value), [
    "Upper",
    "rayleigh",
    "rayleigh",
    undefined,
  ]);
});
