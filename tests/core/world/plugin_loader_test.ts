import { deepEqual, equal, match } from "node:assert/strict";
import type { Plugin } from "../../../core/plugin.ts";
import { addGiven, loadPlugins } from "../../../core/world/plugin_loader.ts";
import { folderWith, plugin } from "../../support/plugins.ts";

const BUILTIN = { alpha: plugin("alpha"), beta: plugin("beta") };
const NOWHERE = new URL("file:///nowhere/");
const SOURCE = `export default { name: "mine", version: "1.0.0" };`;

function load(entries: unknown, folder = NOWHERE) {
  return loadPlugins(entries, folder, BUILTIN);
}

async function issueOf(entries: unknown, folder?: URL) {
  const { issues } = await load(entries, folder);
  equal(issues.length, 1, JSON.stringify(issues));
  return { code: issues[0].code, ...issues[0].issue };
}

function module(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

Deno.test("loadPlugins() turns on built-in plugins that the configuration does not name", async () => {
  for (const entries of [undefined, null, [], "alpha"]) {
    const { plugins, issues } = await load(entries);
    deepEqual(plugins.map(({ key, options }) => [key, options]), [
      ["alpha", {}],
      ["beta", {}],
    ]);
    deepEqual(issues, []);
  }
});

Deno.test("loadPlugins() puts plugins in the configuration's order after those it does not name, and false turns one off", async () => {
  await using folder = await folderWith({ "mine.ts": SOURCE });
  const { plugins, issues } = await load({
    "./mine.ts": { speed: 3 },
    beta: null,
    alpha: false,
  }, folder.url);
  deepEqual(issues, []);
  deepEqual(
    plugins.map(({ key, options, plugin }) => [
      key,
      options,
      plugin.name,
    ]),
    [["./mine.ts", { speed: 3 }, "mine"], ["beta", {}, "beta"]],
  );
});

Deno.test("loadPlugins() accepts relative paths, absolute paths and URLs", async () => {
  await using folder = await folderWith({ "mine.ts": SOURCE });
  for (
    const key of [
      "./mine.ts",
      `../${folder.path.split("/").at(-1)}/mine.ts`,
      `${folder.path}/mine.ts`,
      new URL("mine.ts", folder.url).href,
      module(SOURCE),
    ]
  ) {
    const { plugins, issues } = await load({ [key]: {} }, folder.url);
    deepEqual(issues, []);
    equal(plugins.at(-1)?.plugin.name, "mine");
  }
});

Deno.test("loadPlugins() does not load plugins that are turned off", async () => {
  const { issues } = await load({ "./not_there.ts": false });
  deepEqual(issues, []);
});

Deno.test("loadPlugins() reports a missing file and lists the possible names, in one line", async () => {
  const issue = await issueOf({ "./not_there.ts": {} });
  equal(issue.code, "PLUGIN_NOT_LOADED");
  equal(issue.path, "/plugins/.~1not_there.ts");
  match(issue.message, /^Cannot load plugin "\.\/not_there\.ts": [^\n]+$/);
  match(issue.allowed ?? "", /a built-in plugin \(alpha, beta\)/);
  equal(issue.suggestion, undefined);
});

Deno.test("loadPlugins() suggests a built-in plugin, a path or another way to name a plugin", async () => {
  equal((await issueOf({ alhpa: {} })).suggestion, "alpha");
  equal((await issueOf({ "my_plugin.ts": {} })).suggestion, "./my_plugin.ts");
  match(
    (await issueOf({ "https://example.invalid/p.ts": {} })).suggestion ?? "",
    /^Download the file/,
  );
  await using folder = await folderWith({
    "deno.json": "{}",
    "mine.ts": `import "@perfmock/perfmock/unknown"; ${SOURCE}`,
  });
  match(
    (await issueOf({ "./mine.ts": {} }, folder.url)).suggestion ?? "",
    /Map "@perfmock\/perfmock" in the imports/,
  );
});

Deno.test("loadPlugins() reports a module that throws, also a value that is not an Error", async () => {
  match(
    (await issueOf({ [module("throw new Error('no licence')")]: {} })).message,
    /no licence/,
  );
  match((await issueOf({ [module("throw 'a text'")]: {} })).message, /a text/);
});

Deno.test("loadPlugins() reports a module without a plugin", async () => {
  for (const text of ["export const x = 1", "export default []"]) {
    const issue = await issueOf({ [module(text)]: {} });
    equal(issue.code, "PLUGIN_INVALID");
    match(issue.message, /no default export that is a plugin object/);
    equal(issue.suggestion, "export default plugin");
  }
});

Deno.test("loadPlugins() reports all reasons why an object is not a plugin", async () => {
  const { issues } = await load({
    [
      module(`export default {
      name: "Mine!", contract: 2, setup: 1, options: {}, requires: "alpha", contributes: 3, routeKey() {},
    }`)
    ]: {},
  });
  deepEqual(
    issues.map(({ issue }) => issue.message.replace(/^.*": /, "")),
    [
      "its name is missing or malformed",
      "its version is missing",
      "it was written for another version of the plugin contract",
      'its "requires" is not a list of names',
      'its "options" is not a function',
      'its "setup" is not a function',
      'it has an unknown property "routeKey"',
    ],
  );
  equal(issues.at(-1)?.issue.suggestion, "routeKeys");
});

Deno.test("addGiven() adds a program's plugins to the built-in ones", () => {
  const mine = plugin("mine", {}, { requires: ["alpha"] });
  const { plugins, issues } = addGiven(BUILTIN, [mine]);
  deepEqual(Object.keys(plugins), ["alpha", "beta", "mine"]);
  deepEqual({ ...plugins.mine, setup: mine.setup }, mine);
  deepEqual(issues, []);
});

Deno.test("addGiven() refuses a duplicate name and a value that is not a plugin", () => {
  const { plugins, issues } = addGiven(BUILTIN, [
    plugin("mine"),
    plugin("mine"),
    plugin("alpha"),
    { name: "x" } as Plugin,
    null as unknown as Plugin,
  ]);
  deepEqual(Object.keys(plugins), ["alpha", "beta", "mine"]);
  equal(plugins.alpha, BUILTIN.alpha);
  deepEqual(issues.map(({ code, issue }) => [code, issue.path]), [
    ["PLUGIN_NAME_TAKEN", "/plugins/mine"],
    ["PLUGIN_NAME_TAKEN", "/plugins/alpha"],
    ["PLUGIN_INVALID", "/plugins/x"],
    ["PLUGIN_INVALID", "/plugins/undefined"],
  ]);
});
