// Runs on a calm machine, without the profiler: measures long times.
import { equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { folderWith } from "../support/plugins.ts";

const QUIET = { log: () => {} };

/** Makes a call while the event loop is watched; returns its answer, the longest turn in ms, and the number of turns. */
async function watched(
  url: URL,
  init: RequestInit,
): Promise<{ status: number; text: string; longest: number; turns: number }> {
  let longest = 0;
  let turns = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    turns++;
  }, 1);
  const response = await fetch(url, init);
  const text = await response.text();
  clearInterval(timer);
  return { status: response.status, text, longest, turns };
}

Deno.test("Scripts of 1 MiB in YAML are read while the server answers", async () => {
  await using server = await createPerfmock({ routes: [] }, QUIET);
  const url = new URL("_perfmock/load_engine/runs", server.url);
  for (
    const body of [
      Array.from({ length: 80_000 }, (_, i) => `k${i}:`).join("\n"),
      "[".repeat(1_000_000),
      "- ".repeat(500_000),
      `a: &a [x,x]\nb:\n${"- *a\n".repeat(100_000)}`,
    ]
  ) {
    const { status, longest } = await watched(url, { method: "POST", body });
    equal(status, 400);
    ok(longest < 1000, `${longest} ms for ${body.slice(0, 10)}`);
  }
});

Deno.test("Control calls with deep or wide bodies are refused in words", async () => {
  await using server = await createPerfmock({ routes: [] }, QUIET);
  const { status, text } = await watched(
    new URL("_perfmock/config", server.url),
    {
      method: "PATCH",
      body: `{"seed":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    },
  );
  equal(status, 400);
  match(text, /nested more than 200 deep/);
  const keys = Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]);
  const wide = await watched(new URL("_perfmock/config", server.url), {
    method: "PATCH",
    body: JSON.stringify({ plugins: { p: Object.fromEntries(keys) } }),
  });
  equal(wide.status, 400);
  match(wide.text, /An object has more than 10000 keys/);
});

Deno.test("Runs refuse traces and CSV files that are no files, and report the errors in those that are", async () => {
  await using folder = await folderWith({
    "bad.txt": "1\nnever\n",
    "good.txt": "1\n2\n",
    "bad.csv": "id\n1,2\n",
  });
  const pipe = `${folder.path}/pipe`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  await using server = await createPerfmock(
    { routes: [{ path: "/a" }], control: { allow: ["files"] } },
    QUIET,
  );
  const url = new URL("_perfmock/load_engine/runs", server.url);
  const start = (scenario: object) =>
    watched(url, {
      method: "POST",
      body: JSON.stringify({ scenarios: { s: scenario } }),
    });
  const replay = (file: string) => ({
    executor: "replay",
    trace: { file },
    requests: [{ path: "/a" }],
  });
  const table = (file: string) => ({
    executor: "shared-iterations",
    iterations: 1,
    variables: { id: { csv: { file, column: "id" } } },
    requests: [{ path: "/a" }],
  });
  for (
    const [scenario, message] of [
      [replay("/dev/zero"), /it is a device, not a file/],
      [replay(pipe), /it is a pipe, not a file/],
      [table(pipe), /it is a pipe, not a file/],
      [replay(folder.path), /it is a folder, not a file/],
      [replay(`${folder.path}/bad.txt`), /Line 2 is not a time/],
      [table(`${folder.path}/bad.csv`), /Row 2 has 2 cells/],
    ] as const
  ) {
    const { status, text } = await start(scenario);
    equal(status, 400, text);
    match(text, message);
  }
  const good = await start(replay(`${folder.path}/good.txt`));
  equal(good.status, 201, good.text);
});

Deno.test("Settings that name large files are read while the server answers, wherever they stand", async () => {
  const times = Array.from({ length: 300_000 }, (_, i) => i % 1000);
  await using folder = await folderWith({
    "times.txt": times.join("\n"),
    "points.csv": Array.from({ length: 50_000 }, (_, i) => `${i}s,${i}/s`)
      .join("\n"),
    "bad.txt": `${times.join("\n")}\nnever\n`,
  });
  await using server = await createPerfmock(
    { routes: [{ id: "a", path: "/a" }] },
    { ...QUIET, folder: folder.url },
  );
  const file = (name: string) => ({ empirical: { file: name } });
  for (
    const [path, method, body, status] of [
      ["routes/a", "PATCH", { serviceTime: file("times.txt") }, 200],
      ["routes/a", "PATCH", { serviceTime: file("bad.txt") }, 400],
      ["config", "PATCH", {
        plugins: { distributions: { profiles: { p: file("times.txt") } } },
      }, 200],
      ["distributions/explain", "POST", {
        distribution: file("times.txt"),
      }, 200],
      ["load_engine/runs", "POST", {
        scenarios: {
          s: {
            executor: "arrival-rate",
            rate: { trace: { file: `${folder.path}/points.csv` } },
            duration: "1ms",
            requests: [{ path: "/a" }],
          },
        },
      }, 201],
    ] as const
  ) {
    const answer = await watched(new URL(`_perfmock/${path}`, server.url), {
      method,
      body: JSON.stringify(body),
    });
    equal(answer.status, status, answer.text);
    // Read at once, the file would keep the event loop for one or two turns.
    ok(answer.turns > 20, `${answer.turns} turns for ${path}`);
  }
});
