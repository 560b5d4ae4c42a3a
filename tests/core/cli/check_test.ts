import { deepEqual, equal, match, ok } from "node:assert/strict";
import { z } from "zod";
import denoJson from "../../../deno.json" with { type: "json" };
import { cli, run } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("check prints OK and the number of routes", async () => {
  await using folder = await folderWith({
    "one.json": '{"routes": [{"path": "/"}]}',
    "two.yaml": "routes:\n  - path: /a\n  - path: /b\n",
    "deno.jsonc":
      '{ /* comment */ "perfmock": { "routes": [{ "path": "/a" }] } }',
  });
  for (
    const [name, routes] of [
      ["one.json", "1 route"],
      ["two.yaml", "2 routes"],
      ["deno.jsonc", "1 route"],
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

Deno.test("check warns, each time with the place in the file, and succeeds", async () => {
  await using folder = await folderWith({
    "c.yaml": `routes:
  - path: /a
    method: GETT
    faults: [{ share: 0.1, status: 503, retryAfter: 30 }]
    response: { text: "\${HOST}" }
`,
    "none.yaml": "seed: 1\n",
  });
  const file = `${folder.path}/c.yaml`;
  const { status, out } = await cli("check", file);
  equal(status, 0);
  equal(
    out.replaceAll(folder.path, "."),
    `warning: \${HOST} stays as it is written
  suggestion: Add --env to replace it by the environment variable
  at ./c.yaml:5:23
warning: /routes/0/method: No usual client sends the method GETT
  suggestion: GET
  at ./c.yaml:3:5
warning: /routes/0/faults/0/retryAfter: 30 without a unit is 30 milliseconds, not 30 seconds
  suggestion: Write "30s" or "30ms"
  at ./c.yaml:4:41
OK ./c.yaml: 1 route
`,
  );
  match(
    (await cli("check", `${folder.path}/none.yaml`)).out,
    /^warning: \/routes: There are no routes: every request is answered with 404\n/,
  );
});

Deno.test("check FILE validates a load script against the configuration, and finds its bare numbers", async () => {
  await using folder = await folderWith({
    "c.yaml": "routes: [{ id: a, path: /a }]\n",
    "good.yaml": `x-request: &request { path: /a }
scenarios:
  s: { executor: virtual-users, users: 1, think: 1, duration: 5s, requests: [{ <<: *request, timeout: 10 }] }
  m: { executor: modulate, set: { route: a, dial: delay }, to: 5ms }
`,
    "bad.yaml": `scenarios:
  s: { executor: constant-vus, users: 1, duration: 5s, requests: [{ url: /a }] }
  m: { executor: modulate, set: { route: b, dial: delay }, to: 5ms }
`,
  });
  const at = (name: string) => `${folder.path}/${name}`;
  const config = ["--config", at("c.yaml")];
  const good = await cli("check", at("good.yaml"), ...config);
  deepEqual([good.status, good.err], [0, ""]);
  equal(
    good.out.replaceAll(folder.path, "."),
    `warning: /scenarios/s/think: 1 without a unit is 1 milliseconds, not 1 seconds
  suggestion: Write "1s" or "1ms"
  at ./good.yaml:3:43
warning: /scenarios/s/requests/0/timeout: 10 without a unit is 10 milliseconds, not 10 seconds
  suggestion: Write "10s" or "10ms"
  at ./good.yaml:3:94
OK ./good.yaml: 2 scenarios
`,
  );
  const bad = await cli("check", at("bad.yaml"), ...config);
  equal(bad.status, 2);
  match(bad.err, /^Cannot use the script: 3 errors \[SCRIPT_INVALID\]\n/);
  match(bad.err, /suggestion: virtual-users\n {4}at .*bad\.yaml:2:8\n/);
  match(bad.err, /suggestion: path\n {4}at .*bad\.yaml:2:69\n/);
  const both = await cli("check", at("c.yaml"), ...config);
  deepEqual([both.status, both.err], [0, ""], "the same file twice");
});

Deno.test("check names keys of an error as they are written, slashes included", async () => {
  await using folder = await folderWith({
    "c.yaml": "plugins: { ./missing.ts: {} }\n",
  });
  const { err } = await cli("check", `${folder.path}/c.yaml`);
  match(err, /^ {2}\/plugins\/\.\/missing\.ts: /m);
});

Deno.test("schema load prints the JSON Schema of load scripts", async () => {
  const schema = z.fromJSONSchema(
    JSON.parse((await printed("load")).replaceAll("\\\\P{Cc}", ".")),
  );
  const fits = (value: unknown) => schema.safeParse(value).success;
  const request = { path: "/a" };
  const scenario = {
    executor: "arrival-rate",
    rate: "5/s",
    duration: "5s",
    requests: [request],
  };
  ok(fits({ scenarios: { s: scenario }, "x-a": 1 }));
  ok(fits({
    scenarios: { s: { ...scenario, variables: { id: { choice: [1] } } } },
    thresholds: { "s.failed": ["count==0", { expression: "rate<1" }] },
  }));
  for (
    const invalid of [
      {},
      { scenarios: { s: { ...scenario, executor: "open" } } },
      { scenarios: { s: { ...scenario, users: 1 } } },
      { scenarios: { s: { ...scenario, requests: [{ url: "/a" }] } } },
      { scenarios: { s: { ...scenario, variables: { id: { pick: 1 } } } } },
      { scenarios: { s: scenario }, thresholds: { failed: [] } },
    ]
  ) {
    equal(fits(invalid), false, JSON.stringify(invalid));
  }
});

Deno.test("--env replaces placeholders in configurations and load scripts, typed by their schemas", async () => {
  await using folder = await folderWith({
    "c.yaml": `server:
  cors: \${CHECK_CORS}
journal: { capacity: "\${CHECK_NUMBER:-5}" }
control: { token: "\${CHECK_NUMBER:-5}" }
routes: [{ path: /a }]
`,
    "s.yaml":
      'scenarios: { s: { executor: virtual-users, users: "${CHECK_NUMBER:-1}", duration: 5s, requests: [{ path: /a }] } }\n',
  });
  const [config, script] = [`${folder.path}/c.yaml`, `${folder.path}/s.yaml`];
  const env = { CHECK_CORS: "true" };
  deepEqual(await run(["check", config, "--env"], { env }), {
    status: 0,
    out: `OK ${config}: 1 route\n`,
    err: "",
  });
  deepEqual(
    await run(["check", script, "--env", "--config", config], { env }),
    {
      status: 0,
      out: `OK ${script}: 1 scenario\n`,
      err: "",
    },
  );
  const unset = await cli("check", config, "--env");
  equal(unset.status, 2);
  match(
    unset.err,
    /line 2, column 9: the environment has no variable CHECK_CORS/,
  );
  const without = await cli("check", config);
  equal(without.status, 2);
  match(
    without.err,
    /received: "\$\{CHECK_CORS\}"\n.*\n {4}suggestion: Add --env to replace it/,
  );
});
