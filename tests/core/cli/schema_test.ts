import { deepEqual, equal, match, ok } from "node:assert/strict";
import { z } from "zod";
import denoJson from "../../../deno.json" with { type: "json" };
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

async function printed(...args: string[]): Promise<string> {
  const { status, out, err } = await cli("schema", ...args);
  deepEqual([status, err], [0, ""]);
  return out;
}

/** The schema at work. */
async function accepts(): Promise<(value: unknown) => boolean> {
  // JSON Schema's patterns are meant with the flag "u"; zod compiles them without it.
  const text = (await printed()).replaceAll("\\\\P{Cc}", "[^\\\\x00-\\\\x1f]");
  const schema = z.fromJSONSchema(JSON.parse(text));
  return (value) => schema.safeParse(value).success;
}

Deno.test("schema prints a JSON Schema that takes this project's own configuration", async () => {
  const { $schema, type } = JSON.parse(await printed());
  equal($schema, "https://json-schema.org/draft/2020-12/schema");
  equal(type, "object");
  ok((await accepts())(denoJson.perfmock));
});

Deno.test("schema's schema refuses what check refuses", async () => {
  const fits = await accepts();
  ok(fits({ routes: [{ path: "/", serviceTime: "1ms", scale: 2 }] }));
  for (
    const faulty of [
      { sed: 1 },
      { seed: 1.5 },
      { routes: [{ path: 3 }] },
      { routes: [{ path: "/", scale: 0 }] },
      { routes: [{ path: "/", sampling: { block: 1 } }] },
      { routes: [{ path: "/", serviceTime: { normal: { mean: 1 } } }] },
      { routes: [{ path: "/", serviceTme: "1ms" }] },
      { plugins: { distributions: { profile: {} } } },
    ]
  ) {
    equal(fits(faulty), false, JSON.stringify(faulty));
  }
});

Deno.test("schema knows what the configuration's own plugins bring", async () => {
  await using folder = await folderWith({
    "rayleigh.ts": `export default {
  name: "rayleigh",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "rayleigh",
      parameters: ({ z, duration }) => z.strictObject({ sigma: duration() }),
      create: ({ sigma }) => ({
        quantile: (u) => sigma * Math.sqrt(-2 * Math.log1p(-u)),
      }),
    }],
  },
};
`,
    "c.yaml": "plugins: { ./rayleigh.ts: {} }\n",
    "broken.yaml": "plugins: { ./missing.ts: {} }\n",
  });
  match(await printed("--config", `${folder.path}/c.yaml`), /"rayleigh"/);
  ok(!(await printed()).includes('"rayleigh"'));
  const broken = await cli("schema", "--config", `${folder.path}/broken.yaml`);
  equal(broken.status, 2);
  match(broken.err, /\/plugins/);
});
