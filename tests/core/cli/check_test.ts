import { deepEqual, equal, match, ok } from "node:assert/strict";
import { z } from "zod";
import denoJson from "../../../deno.json" with { type: "json" };
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("check prints OK and the number of routes", async () => {
  await using folder = await folderWith({
    "one.json": '{"routes": [{"path": "/"}]}',
    "two.yaml": "routes:\n  - path: /a\n  - path: /b\n",
    "deno.jsonc": '{ /* no routes */ "perfmock": {} }',
  });
  for (
    const [name, routes] of [
      ["one.json", "1 route"],
      ["two.yaml", "2 routes"],
      ["deno.jsonc", "0 routes"],
    ]
  ) {
    const file = `${folder.path}/${name}`;
    deepEqual(await cli("check", "--config", file), {
      status: 0,
      out: `OK ${file}: ${routes}\n`,
      err: "",
    });
  }
});

Deno.test("check warns of a mean moved by truncation, and succeeds", async () => {
  await using folder = await folderWith({
    "c.yaml":
      "routes:\n  - { path: /, serviceTime: { normal: { mean: 10ms, sd: 20ms } } }\n",
  });
  const { status, out } = await cli(
    "check",
    "--config",
    `${folder.path}/c.yaml`,
  );
  equal(status, 0);
  match(
    out,
    /^warning: \/routes\/0\/serviceTime\/normal: Truncation below 0 ms moves the mean from 10 ms to 20.183 ms\n/,
  );
  match(out, /\nOK .*: 1 route\n$/);
});

Deno.test("check lists all errors at once, in the order of the file, each with its place", async () => {
  await using folder = await folderWith({
    "c.yaml": `sed: 7
server: { port: 70000 }
routes:
  - path: /a
    serviceTime: { normal: { mean: 10ms, sd: -1 } }
  - path: /b
    serviceTme: 1ms
`,
  });
  const file = `${folder.path}/c.yaml`;
  const { status, out, err } = await cli("check", "--config", file);
  deepEqual([status, out], [2, ""]);
  match(err, /^Cannot use the configuration: 4 errors \[CONFIG_INVALID\]\n/);
  deepEqual(
    err.matchAll(/^ {2}(\/\S*): .*(?:\n {4}(?!at).*)*\n {4}at (.*)$/gm)
      .map(([, path, place]) => [path, place.replace(file, "c.yaml")])
      .toArray(),
    [
      ["/sed", "c.yaml:1:1"],
      ["/server/port", "c.yaml:2:11"],
      ["/routes/0/serviceTime/normal/sd", "c.yaml:5:42"],
      ["/routes/1/serviceTme", "c.yaml:7:5"],
    ],
  );
  match(err, /suggestion: seed/);
  match(err, /suggestion: serviceTime/);
  match(err, /received: 70000/);
});

Deno.test("check prints line and column of malformed JSON and YAML", async () => {
  await using folder = await folderWith({
    "broken.json": '{\n  "routes": [\n    {"path": "/" "id": "r"}\n  ]\n}\n',
    "broken.yaml": "routes:\n  - path: /\n   id: r\n",
    "empty.json": "",
    "list.json": "[]",
  });
  const check = (name: string) =>
    cli("check", "--config", `${folder.path}/${name}`);
  const json = await check("broken.json");
  equal(json.status, 2);
  match(json.err, /line 3, column 18: .*\[CONFIG_SYNTAX\]/);
  const yaml = await check("broken.yaml");
  equal(yaml.status, 2);
  match(yaml.err, /[Ll]ine 3, column \d+: .*/);
  match(yaml.err, /\[CONFIG_SYNTAX\]/);
  for (const name of ["empty.json", "list.json"]) {
    equal((await check(name)).status, 2);
  }
});

Deno.test("check names a missing file, and suggests one with a similar name", async () => {
  await using folder = await folderWith({ "mock.yaml": "routes: []\n" });
  const { status, err } = await cli(
    "check",
    "--config",
    `${folder.path}/mokc.yaml`,
  );
  equal(status, 2);
  match(err, /no such file \[CONFIG_UNREADABLE\]/);
  match(err, /suggestion: mock\.yaml/);
});

Deno.test("check escapes control characters of a configuration", async () => {
  await using folder = await folderWith({
    "c.json": JSON.stringify({ "a\u001b[31m": "x".repeat(500) }),
  });
  const { status, err } = await cli(
    "check",
    "--config",
    `${folder.path}/c.json`,
  );
  equal(status, 2);
  equal(err.includes("\u001b"), false);
  match(err, /\\u001b\[31m/);
});

async function printed(...args: string[]): Promise<string> {
  const { status, out, err } = await cli("schema", ...args);
  deepEqual([status, err], [0, ""]);
  return out;
}

/** Returns a function that checks values against the printed JSON Schema. */
async function accepts(): Promise<(value: unknown) => boolean> {
  // JSON Schema's patterns are meant with the flag "u"; zod compiles them without it.
  const text = (await printed()).replaceAll("\\\\P{Cc}", "[^\\\\x00-\\\\x1f]");
  const schema = z.fromJSONSchema(JSON.parse(text));
  return (value) => schema.safeParse(value).success;
}

Deno.test("schema prints a JSON Schema that accepts this project's own configuration", async () => {
  const { $schema, type } = JSON.parse(await printed());
  equal($schema, "https://json-schema.org/draft/2020-12/schema");
  equal(type, "object");
  ok((await accepts())(denoJson.perfmock));
});

Deno.test("schema prints a JSON Schema that refuses what check refuses", async () => {
  const fits = await accepts();
  ok(fits({ routes: [{ path: "/", serviceTime: "1ms", scale: 2 }] }));
  for (
    const invalid of [
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
    equal(fits(invalid), false, JSON.stringify(invalid));
  }
});

Deno.test("schema includes the settings of the configuration's own plugins", async () => {
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
