import { BUILTIN } from "../../../core/builtin.ts";
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import type { Plugin } from "../../../core/plugin.ts";
import {
  readSettings,
  type SettingsInput,
  settingsSchema,
} from "../../../core/world/settings.ts";
import { errorOf, lines } from "../../support/errors.ts";
import { folderWith, plugin } from "../../support/plugins.ts";
import { DEFAULTS } from "../../support/defaults.ts";

const NOWHERE = new URL("file:///nowhere/");

function input(value: unknown, plugins: readonly Plugin[] = []): SettingsInput {
  return { value, folder: NOWHERE, builtin: BUILTIN, plugins };
}

async function faults(value: unknown, plugins: readonly Plugin[] = []) {
  return await errorOf(() => readSettings(input(value, plugins)));
}

Deno.test("readSettings() returns the whole configuration with defaults, frozen", async () => {
  const { config } = await readSettings(input({
    routes: [{ path: "/a", response: { json: { deep: [1] } } }],
  }));
  deepEqual(config, {
    ...DEFAULTS,
    routes: [{
      id: "get-a",
      methods: ["GET"],
      path: "/a",
      response: { status: 200, headers: {}, json: { deep: [1] } },
      faults: [],
      plugins: {},
    }],
  });
  const { json } = config.routes[0].response;
  ok(
    [config, config.routes, config.routes[0], json].every(Object.isFrozen),
  );
});

Deno.test("readSettings() freezes a copy, not the caller's object", async () => {
  const written = { routes: [{ path: "/a", response: { json: [1] } }] };
  const { config } = await readSettings(input(written));
  equal(Object.isFrozen(written), false);
  equal(Object.isFrozen(written.routes[0].response.json), false);
  written.routes[0].response.json.push(2);
  deepEqual(config.routes[0].response.json, [1]);
});

Deno.test("readSettings() refuses values that are not data or not an object", async () => {
  const error = await faults({ routes: [{ path: "/", response: () => 1 }] });
  equal(error.code, "CONFIG_INVALID");
  match(error.message, /holds something that is not data/);
  for (const value of [null, "text", 5, []]) {
    const { code, issues } = await faults(value);
    deepEqual([code, issues[0].path], ["CONFIG_INVALID", ""]);
  }
});

Deno.test("readSettings() lists all errors at once: unknown keys with a suggestion, values with the allowed ones", async () => {
  const error = await faults({
    sede: 1,
    server: { prot: 80, port: 70_000 },
    plugins: { distributions: { profils: {} } },
    routes: [
      { path: "/a", serviceTme: "1ms" },
      { path: "/b", serviceTime: { lognormal: { median: "-5ms", p99: "1s" } } },
      { path: "/c", serviceTime: "lognormel(median=1ms, p99=2ms)", scale: 0 },
    ],
  });
  equal(error.code, "CONFIG_INVALID");
  equal(
    error.message,
    `Cannot use the configuration: ${error.issues.length} errors; more may follow, since the plugins could not be set up`,
  );
  const found = lines(error);
  for (
    const wanted of [
      '/sede: Unknown key "sede" → seed',
      '/server/prot: Unknown key "prot" → port',
      '/plugins/distributions/profils: Unknown key "profils" → profiles',
      '/routes/0/serviceTme: Unknown key "serviceTme" → serviceTime',
      '/routes/2/serviceTime: Unknown family "lognormel" (at lognormel) → lognormal',
    ]
  ) ok(found.includes(wanted), `${wanted}\n  not in\n${found.join("\n")}`);
  const paths = error.issues.map(({ path }) => path);
  for (
    const path of [
      "/server/port",
      "/routes/1/serviceTime/lognormal/median",
      "/routes/2/scale",
    ]
  ) ok(paths.includes(path), `${path} not in ${paths}`);
});

Deno.test("readSettings() reports an error once if both a profile's plugin and the parser find it", async () => {
  const { issues } = await faults({
    plugins: {
      distributions: { profiles: { slow: { normal: { mean: "1ms" } } } },
    },
    routes: [{ path: "/a", serviceTime: "slow" }],
  });
  deepEqual(issues.map(({ path }) => path), [
    "/plugins/distributions/profiles/slow/normal/sd",
  ]);
});

Deno.test("readSettings() uses the code of the plugins' errors if there are no others", async () => {
  const missing = { "./not_there.ts": {} };
  equal((await faults({ plugins: missing })).code, "PLUGIN_NOT_LOADED");
  const both = await faults({ plugins: missing, seed: true });
  equal(both.code, "CONFIG_INVALID");
  equal(both.issues.length, 2);
});

Deno.test("readSettings() does not report route keys of a plugin that is missing", async () => {
  const { issues } = await faults({
    plugins: { "./not_there.ts": {} },
    routes: [
      { path: "/a", warmth: "high" },
      { path: "/b", serviceTime: "rayleigh(sigma=1ms)" },
      { path: "/c", serviceTime: "-1ms" },
    ],
  });
  deepEqual(issues.map(({ path }) => path), [
    "/plugins/.~1not_there.ts",
    "/routes/2/serviceTime",
  ]);
});

Deno.test("readSettings() reports options that are not an object once, and options of a plugin that has none", async () => {
  const { issues } = await faults({
    plugins: { distributions: 5, plain: { speed: 1 } },
  }, [plugin("plain")]);
  deepEqual(issues.map(({ path }) => path), [
    "/plugins/distributions",
    "/plugins/plain/speed",
  ]);
});

Deno.test("readSettings() parses each plugin's options and knows each plugin's route keys", async () => {
  const own = plugin("own", {}, {
    options: ({ z, duration }) =>
      z.strictObject({ every: duration().default(5) }),
    routeKeys: ({ integer }) => ({ retries: integer() }),
  });
  const settings = await readSettings(input({
    plugins: { own: { every: "2s" } },
    routes: [{ path: "/", retries: 3 }],
  }, [own]));
  deepEqual(
    settings.plugins.map(({ key, parsed }) => [key, parsed]).at(-1),
    ["own", { every: 2000 }],
  );
  deepEqual(settings.routeKeys.get("own"), ["retries"]);
  deepEqual(settings.config.routes[0].plugins, { retries: 3 });
  deepEqual(settings.written, [{ path: "/", retries: 3 }]);
});

Deno.test("readSettings() refuses a route key that core or another plugin reads", async () => {
  const reads = (name: string, key: string) =>
    plugin(name, {}, { routeKeys: ({ integer }) => ({ [key]: integer() }) });
  const error = await faults({}, [
    reads("a", "serviceTime"),
    reads("b", "path"),
  ]);
  equal(error.code, "PLUGIN_INVALID");
  deepEqual(lines(error), [
    '/plugins/a: Plugin "a" reads the route key "serviceTime", which belongs to distributions',
    '/plugins/b: Plugin "b" reads the route key "path", which belongs to perfmock itself',
  ]);
});

Deno.test("readSettings() names the plugin whose schemas throw", async () => {
  const thrower = (): never => {
    throw new Error("boom");
  };
  const error = await faults({}, [
    plugin("a", {}, { options: thrower }),
    plugin("b", {}, { routeKeys: thrower }),
    plugin("c", {}, {
      options: () => {
        throw "a text";
      },
    }),
  ]);
  equal(error.code, "PLUGIN_INVALID");
  deepEqual(lines(error).toSorted(), [
    '/plugins/a: Plugin "a" cannot tell its options: boom',
    '/plugins/b: Plugin "b" cannot tell its route keys: boom',
    '/plugins/c: Plugin "c" cannot tell its options: a text',
  ]);
});

Deno.test("readSettings() returns the warnings of all distributions, wherever they are", async () => {
  const skewed = { normal: { mean: "10ms", sd: "20ms" } };
  const { warnings } = await readSettings(input({
    plugins: { distributions: { profiles: { slow: skewed } } },
    routes: [{ path: "/a", serviceTime: skewed }, {
      path: "/b",
      serviceTime: "slow",
    }],
  }));
  deepEqual(warnings.map(({ path }) => path), [
    "/plugins/distributions/profiles/slow/normal",
    "/routes/0/serviceTime/normal",
  ]);
});

Deno.test("readSettings() compiles further distributions with the same families and profiles", async () => {
  const { parse, families } = await readSettings(input({
    plugins: { distributions: { profiles: { quick: "3ms" } } },
  }));
  const parsed = parse({ scale: { by: 2, of: "quick" } });
  equal(parsed.issues === undefined && parsed.value.mean, 6);
  notEqual(families.get("lognormal"), undefined);
  ok(parse("quikc").issues !== undefined);
});

Deno.test("readSettings() resolves relative paths from the folder", async () => {
  await using folder = await folderWith({
    "mine.ts": `export default {
      name: "mine", version: "1.0.0",
      options: ({ z, file }) => z.strictObject({ data: file() }),
    };`,
  });
  const { plugins } = await readSettings({
    value: { plugins: { "./mine.ts": { data: "data.json" } } },
    folder: folder.url,
    builtin: BUILTIN,
    plugins: [],
  });
  deepEqual(plugins.at(-1)?.parsed, { data: `${folder.path}/data.json` });
});

Deno.test("settingsSchema() includes the settings of plugins, and fails if one cannot be loaded", async () => {
  const own = plugin("own", {}, {
    options: ({ z }) => z.strictObject({ speed: z.number() }),
  });
  const schema = await settingsSchema(input({}, [own]));
  const text = JSON.stringify(schema);
  for (const part of ["serviceTime", "lognormal", "speed", "drainTimeout"]) {
    ok(text.includes(`"${part}"`), part);
  }
  const missing = { plugins: { "./not_there.ts": {} } };
  equal(
    (await errorOf(() => settingsSchema(input(missing)))).code,
    "PLUGIN_NOT_LOADED",
  );
});
