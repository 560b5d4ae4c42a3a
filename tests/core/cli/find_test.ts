import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = `server: { port: 0 }
seed: 1
routes:
  - { id: first, path: /first, response: { json: {} } }
  - { id: lazy, path: /lazy, response: { json: {} } }
`;

/** Program that awaits one route, starts another beside it, and prints the time of the first. */
const PROGRAM = `
const url = Deno.env.get("PERFMOCK_URL");
const get = async (path) => await (await fetch(new URL(path, url))).text();
const start = performance.now();
const lazy = get("/lazy");
await get("/first");
console.log(JSON.stringify({ time: performance.now() - start }));
await lazy;
`;

const COMMAND = `"${Deno.execPath()}" run --no-config --allow-all page.js`;

/** Settings of an experiment that is over soon. */
const FEW = "loads: 24\nprecision: 1\nperturbation: 200ms\n";

/** A script whose page is the program. */
function script(more: string): string {
  return `command: { run: '${COMMAND}', figure: /time }\n${more}`;
}

Deno.test("find and sweep measure a command, write the answer, and end with 0 or 99", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "page.js": PROGRAM,
    "find.yaml": script(`${FEW}budget: 10s\n`),
    "broken.yaml": script(
      "budget: 1us\nroutes: [ first ]\nfactors: [ 1, 2 ]\nrepeats: 1\n",
    ),
  });
  const { path } = folder;
  const outs = ["json", "md", "html"].map((end) => `${path}/out.${end}`);
  const found = await cli(
    ...["find", `${path}/find.yaml`, "--config", `${path}/c.yaml`],
    ...outs.flatMap((out) => ["--out", out]),
  );
  equal(found.status, 0, found.err);
  match(
    found.err,
    /^2 routes called; \/time about [\d.]+ ms\. Plan: about \d+ loads in [\d.]+ s/,
  );
  const [json, md, html] = await Promise.all(
    outs.map((out) => Deno.readTextFile(out)),
  );
  const answer = JSON.parse(json);
  const [first, lazy] = answer.routes;
  deepEqual([first.route, lazy.route], ["first", "lazy"]);
  // Few loads on a machine that runs other tests: the slopes are 1 and 0.
  ok(Math.abs(first.slope - 1) < 0.4, `${first.slope}`);
  ok(Math.abs(lazy.slope) < 0.4, `${lazy.slope}`);
  match(found.out, /first/);
  match(md, /^# /);
  match(html, /<svg/);
  ok(!html.includes("<script"));
  const broken = await cli(
    ...["sweep", `${path}/broken.yaml`, "--config", `${path}/c.yaml`],
  );
  equal(broken.status, 99, broken.err);
  match(broken.err, /^1 route; \/time about .*Sweep: 2 loads/);
  match(broken.out, /first/);
});

/** Runs a command with a script that is wrong. */
async function wrong(
  text: string,
  command = "find",
  ...more: readonly string[]
) {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "page.js": PROGRAM,
    "s.yaml": text,
    "wrong.ts": "throw new Error('no cart');\n",
    "none.ts": "export const act = 1;\n",
    "lost.js":
      `await (await fetch(Deno.env.get("PERFMOCK_URL") + "/nothing")).text();`,
  });
  const { path } = folder;
  return await cli(
    ...[command, `${path}/s.yaml`, "--config", `${path}/c.yaml`, ...more],
  );
}

Deno.test("find ends with 2 for each wrong input, with one message", async () => {
  const cases: [string, RegExp][] = [
    ["{}", /Nothing gives a figure/],
    [
      script("routes: [ frist ]\n"),
      /There is no route "frist"[^]*suggestion: first[^]*s\.yaml:2/,
    ],
    [
      script("cliffs: [ { route: first, dial: dely, to: 1s } ]\n"),
      /There is no dial "dely"[^]*suggestion: delay/,
    ],
    [
      "command: exit 3\n",
      /3 loads in a row gave no figure: The command ended with exit status 3/,
    ],
    [
      "command: { run: sleep 5, timeout: 150ms }\n",
      /did not end within 150 ms/,
    ],
    [
      "command: 'true'\n",
      /the command calls no route of the configuration[^]*None of its requests reached perfmock/,
    ],
    [
      `command: '"${Deno.execPath()}" run --no-config -A lost.js'\n`,
      /Its requests reached perfmock, but match no route: 3 requests in 3 loads/,
    ],
    [
      "page: { url: /, actions: wrong.ts }\n",
      /Cannot use the actions[^]*no cart/,
    ],
    ["page: { url: /, actions: none.ts }\n", /it has no default function/],
    [
      "page: { url: /, actions: absent.ts }\n",
      /Cannot use the actions of the page: /,
    ],
    [
      "page: { url: '${PERFMOCK_URL}/shop' }\n",
      /only a command has this variable[^]*A page has a URL, or a path of this server/,
    ],
    [
      "command: { run: 'echo {}', figure: /time }\n",
      /3 loads in a row gave no figure/,
    ],
    [script("loads: 7\n"), /needs at least \d+ loads/],
    [
      script("routes: { first: { speedup: 1s } }\n"),
      /Only 0 ms can be taken away/,
    ],
    ["page: { url: /, executable: ./no-browser }\n", /./],
  ];
  for (const [text, expected] of cases) {
    const { status, err } = await wrong(text);
    equal(status, 2, `${text}\n${err}`);
    match(err, expected);
  }
});

Deno.test("find refuses outputs that it does not know before it runs anything", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "s.yaml": script(""),
  });
  const { status, err } = await cli(
    ...["find", `${folder.path}/s.yaml`, "--config", `${folder.path}/c.yaml`],
    ...["--out", `${folder.path}/out.csv`],
  );
  equal(status, 2);
  match(err, /Cannot write the answer[^]*\.html/);
});

Deno.test("check takes a find script, and schema describes it", async () => {
  const good = await wrong(script(""), "check");
  deepEqual([good.status, good.err], [0, ""]);
  match(good.out, /: a find script\n$/);
  const bad = await wrong(script("routes: [ frist ]\n"), "check");
  equal(bad.status, 2);
  match(bad.err, /There is no route "frist"/);
  const { out, status } = await cli("schema", "find");
  equal(status, 0);
  const schema = JSON.parse(out);
  equal(schema.title, "perfmock find script");
  ok("page" in schema.properties && "cliffs" in schema.properties);
});

Deno.test("a placeholder in a command is its shell's, and no warning says otherwise", async () => {
  const text = (more: string) =>
    `command: 'echo "{\\"time\\": 1, \\"url\\": \\"${"${PERFMOCK_URL}"}\\"}" >&2; exit 3'\n${more}`;
  for (const more of [[], ["--env"]]) {
    const checked = await wrong(text(""), "check", ...more);
    deepEqual([checked.status, checked.err], [0, ""]);
    match(checked.out, /^OK [^\n]*: a find script\n$/);
    const { err, status } = await wrong(text(""), "find", ...more);
    equal(status, 2);
    // The shell has replaced it by the server's URL.
    match(err, /exit status 3: \{.*"url": "http:\/\/127\.0\.0\.1:\d+"\}/);
    ok(!err.includes("warning"), err);
  }
  const other = await wrong(text("seed: 'a-${PERFMOCK_TEST_SEED}'\n"), "check");
  match(
    other.out,
    /\$\{PERFMOCK_TEST_SEED\} stays as it is written\n {2}suggestion: Add --env /,
  );
});

Deno.test("find writes no answer over a file that it reads", async () => {
  await using folder = await folderWith({
    "c.json": JSON.stringify({ server: { port: 0 }, routes: [] }),
    "s.json": JSON.stringify({ command: "true" }),
  });
  const { path } = folder;
  await Deno.symlink(`${path}/s.json`, `${path}/link.json`);
  for (
    const out of [
      "s.json",
      "c.json",
      "link.json",
      "../" + path.split("/").at(-1) + "/s.json",
    ]
  ) {
    for (const command of ["find", "sweep"]) {
      const { status, err } = await cli(
        ...[command, `${path}/s.json`, "--config", `${path}/c.json`],
        ...["--out", `${path}/${out}`],
      );
      equal(status, 2);
      match(err, /is read by this command, and would be overwritten/);
    }
  }
  deepEqual(JSON.parse(await Deno.readTextFile(`${path}/s.json`)), {
    command: "true",
  });
});
