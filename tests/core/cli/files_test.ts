import { deepEqual, equal, match } from "node:assert/strict";
import { kindOf } from "../../../core/cli/files.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const FILES = {
  "mock.yaml": "routes: [{ id: a, path: /a, serviceTime: 5ms }]\n",
  "other.yaml": "routes: [{ id: b, path: /b }]\n",
  "load.yaml":
    "scenarios: { a: { executor: arrival-rate, rate: 5/s, duration: 1s, requests: [{ path: /a }] } }\n",
  "find.yaml": "command: { run: 'true', figure: /time }\nroutes: [a]\n",
  "wrong.yaml": "routes: [{ id: a, path: /a, servicetimes: 5 }]\n",
};

Deno.test("kindOf() tells the kind of a file by its keys, misspelt ones included", () => {
  equal(kindOf({ routes: [] }), "configuration");
  equal(kindOf({ seed: 1, plugins: {}, target: "x" }), "configuration");
  equal(kindOf({ scenarios: {} }), "load script");
  equal(kindOf({ scenaros: {}, seed: 1 }), "load script");
  equal(kindOf({ page: {}, routes: [] }), "find script");
  equal(kindOf({ budgt: {} }), "find script");
  equal(kindOf({ rotues: [] }), "configuration");
  equal(kindOf({}), undefined);
  equal(kindOf({ seed: 1 }), undefined);
});

Deno.test("commands take a configuration as an argument, in any order beside a script", async () => {
  await using folder = await folderWith(FILES);
  const at = (name: string) => `${folder.path}/${name}`;
  for (
    const args of [
      ["check", at("mock.yaml")],
      ["check", at("mock.yaml"), at("load.yaml"), at("find.yaml")],
      ["check", at("load.yaml"), at("mock.yaml")],
      ["check", at("mock.yaml"), at("other.yaml")],
      ["simulate", at("load.yaml"), at("mock.yaml")],
      ["simulate", at("mock.yaml"), at("load.yaml")],
      [
        "simulate",
        at("load.yaml"),
        at("mock.yaml"),
        "--config",
        at("mock.yaml"),
      ],
      ["draw", at("mock.yaml"), "--route", "a", "--sequence", "0"],
      ["explain", "5ms", at("mock.yaml")],
      ["schema", at("mock.yaml")],
      ["schema", "load", at("mock.yaml")],
    ]
  ) {
    const { status, err } = await cli(...args);
    deepEqual([status, err], [0, ""], args.join(" "));
  }
});

Deno.test("a file of another kind than a command needs is refused with the call that takes it", async () => {
  await using folder = await folderWith(FILES);
  const at = (name: string) => `${folder.path}/${name}`;
  for (
    const [args, message, suggestion] of [
      [
        ["serve", at("load.yaml")],
        /as a configuration: it is a load script/,
        `perfmock load ${at("load.yaml")}`,
      ],
      [
        [at("find.yaml")],
        /as a configuration: it is a find script/,
        `perfmock find ${at("find.yaml")}`,
      ],
      [
        ["simulate", at("mock.yaml")],
        /as a load script: it is a configuration/,
        `perfmock simulate SCRIPT --config ${at("mock.yaml")}`,
      ],
      [
        ["load", at("find.yaml"), at("mock.yaml")],
        /as a load script: it is a find script/,
        `perfmock find ${at("find.yaml")}`,
      ],
      [
        ["find", at("load.yaml")],
        /as a find script: it is a load script/,
        `perfmock load ${at("load.yaml")}`,
      ],
      [
        ["simulate", at("load.yaml"), at("find.yaml")],
        /^Cannot run two scripts/,
        `perfmock simulate ${at("load.yaml")}`,
      ],
      [
        [
          "draw",
          at("mock.yaml"),
          "--config",
          at("other.yaml"),
          "--route",
          "a",
          "--sequence",
          "0",
        ],
        /^Cannot use two configurations/,
        `perfmock draw --config ${at("mock.yaml")}`,
      ],
      [
        ["check", at("mock.yaml"), at("other.yaml"), at("load.yaml")],
        /^Cannot check scripts against several/,
        `perfmock check SCRIPT --config ${at("mock.yaml")}`,
      ],
    ] as const
  ) {
    const { status, err } = await cli(...args);
    equal(status, 2, args.join(" "));
    match(err, message);
    equal(/suggestion: (.*)/.exec(err)?.[1], suggestion);
  }
  const unknown = await cli("schema", "rubbish");
  equal(unknown.status, 2);
  match(unknown.err, /Allowed choices are configuration, load, find/);
});

Deno.test("check prints the errors of all files, once", async () => {
  await using folder = await folderWith(FILES);
  const at = (name: string) => `${folder.path}/${name}`;
  const { status, err, out } = await cli(
    "check",
    at("wrong.yaml"),
    at("absent.yaml"),
    at("other.yaml"),
  );
  equal(status, 2);
  match(err, /Cannot read .*absent\.yaml: no such file/);
  equal(err.match(/Unknown key|serviceTimes/g)?.length !== undefined, true);
  match(out, /OK .*other\.yaml: 1 route/);
  const script = await cli("check", at("load.yaml"), at("wrong.yaml"));
  equal(script.status, 2);
  match(
    script.err,
    /load\.yaml was not checked: its configuration, .*wrong\.yaml, has errors/,
  );
  equal(script.err.match(/\[CONFIG_INVALID\]/g)?.length, 1);
});

Deno.test("check shows warnings beside errors, but none that an error may have caused", async () => {
  await using folder = await folderWith({
    "c.yaml": `routes:
  - { path: /a, limiter: { concurency: 4, queueTimeout: 5 } }
  - { path: /b, respnse: {}, limiter: used }
  - { path: /c, wire: { afterHeaders: "truncated(of=lognormal(median=1s, p99=9s), max=1s)" } }
plugins: { limiter: { pools: { used: { concurrency: 1 } } } }
`,
  });
  const { status, err, out } = await cli("check", `${folder.path}/c.yaml`);
  deepEqual([status, out], [2, ""]);
  match(err, /^Cannot use the configuration: \d errors? \[CONFIG_INVALID\]/);
  match(
    err,
    /warning: \/routes\/0\/limiter\/queueTimeout: 5 without a unit[^]*at .*c\.yaml:2:/,
  );
  equal(err.includes("No route uses"), false);
});
