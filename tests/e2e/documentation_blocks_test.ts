// Runs without the profiler: computes much.
import { deepEqual, equal, ok } from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };
import { createPerfmock } from "../../mod.ts";
import { root } from "../../tools/run.ts";
import { cli } from "../support/cli.ts";
import {
  type Block,
  blocksIn,
  commandsIn,
  readPages,
  type ShellCommand,
} from "./_documentation.ts";
import { FILES } from "./_documentation_files.ts";
import { reportPage, runCommand } from "./_shell_blocks.ts";

/** Reasons why a block or a command does not run here, by the first words of it. Every other one runs. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "<script ": "needs a browser; tests/real/correlation_test.ts runs the script",
  "import { test as base }":
    "needs Playwright; tests/real/playwright_test.ts runs the fixture",
  "const live = new EventSource":
    "needs a browser; tests/core/observe/live_feed_test.ts reads the same events",
  "// vite.config.js": "needs Vite",
  "// playwright.config.ts":
    "needs Playwright; tests/real/fixtures_test.ts runs the example",
  "// tests/shop.spec.ts":
    "needs Playwright; tests/real/fixtures_test.ts runs the example",
  "// perfmock.setup.ts":
    "needs the npm package; tests/real/fixtures_test.ts runs the example",
  "// shop.test.ts":
    "needs Vitest; tests/real/fixtures_test.ts runs the example",
  "// orders.test.mjs":
    "needs the npm package; tests/real/npm_package_test.ts runs it",
  "// jest.config.mjs": "needs Jest; tests/real/fixtures_test.ts runs it",
  "deno test -A examples/": "tests/e2e/examples_test.ts runs it",
  "deno run -A examples/": "tests/e2e/examples_test.ts runs it",
  'import { definePlugin, type Plugin } from "perfmock/plugin"':
    "needs the npm package; tests/real/npm_package_test.ts installs it",
  'declare module "perfmock"':
    "has types only; tests/real/npm_types_test.ts compiles them",
  "npm install": "installs; tests/real/npm_package_test.ts does so",
  "deno install": "installs; the same commands run with the sources",
  "npx perfmock find":
    "needs Chromium; tests/real/bottleneck_example_test.ts runs an example",
  "curl -s 'http://prometheus:9090/":
    "needs Prometheus; a file has the answer in its place",
  "npx -y deno@2.9.6":
    "fetches Deno; the same commands run with the present one",
  "PERFMOCK_TOKEN=secret perfmock load script.yaml":
    "needs other machines; tests/e2e/load_workers_test.ts has workers on this one",
  "perfmock load script.yaml --segment auto/3":
    "needs a Job; tests/e2e/load_workers_test.ts runs three processes",
  "perfmock load merge":
    "needs files of a Job; tests/e2e/load_workers_test.ts merges some",
  "kubectl ":
    "needs Kubernetes; tests/real/kubernetes_test.ts validates the files",
  'sed "s/2026-': "needs Kubernetes",
  "for i in ": "needs Kubernetes",
  "deno run -A jsr:":
    "fetches perfmock; tests/e2e/load_workers_test.ts merges shares",
  "deno task bench": "measures time, alone on the machine",
  "deno task fuzz:parser":
    "takes minutes; tests/fuzz/classes_test.ts runs a part of it",
  "kill -HUP PID":
    "needs a process; tests/e2e/reload_signal_test.ts sends the signal",
  "prometheus ":
    "needs Prometheus; tests/real/prometheus_test.ts runs the configuration",
  "PERFMOCK_REQUIRE_REAL=1": "needs installed software, half an hour and more",
  "PERFMOCK_TORTURE_SECONDS=": "takes ten minutes and more",
  "deno run -A mod.ts find":
    "needs Chromium; tests/real/bottleneck_example_test.ts runs an example",
  "deno run -A mod.ts record":
    "there is no such upstream; tests/core/cli/record_test.ts records one",
  "curl -s localhost:8081/_perfmock/importer/":
    "needs a recorder; tests/plugins/importer/recording/recording_test.ts makes the calls",
  "curl -s -X POST localhost:8081/_perfmock/importer/":
    "needs a recorder; tests/plugins/importer/recording/recording_test.ts makes the calls",
  "deno run -A mod.ts sweep":
    "needs Chromium; tests/real/bottleneck_example_test.ts runs an example",
  "curl -s localhost:8080/_perfmock/bottleneck_finder/":
    "needs Chromium; tests/e2e/find_control_test.ts makes the calls",
  "curl -sN localhost:8080/_perfmock/bottleneck_finder/":
    "needs Chromium; tests/e2e/find_control_test.ts makes the calls",
  "curl -s -X DELETE localhost:8080/_perfmock/bottleneck_finder/":
    "needs Chromium; tests/e2e/find_control_test.ts makes the calls",
  'curl -s "localhost:8080/_perfmock/bottleneck_finder/':
    "needs Chromium; tests/e2e/find_control_test.ts makes the calls",
  "deno run -A mod.ts load script.yaml --target https://staging":
    "there is no such server",
};

/** Reasons that were used, to find those that are not. */
const used = new Set<string>();

function isNotRun(text: string): boolean {
  const begin = Object.keys(NOT_RUN).find((begin) => text.startsWith(begin));
  if (begin !== undefined) used.add(begin);
  return begin !== undefined;
}

const pages = await readPages();
const blocks = [...pages].flatMap(([page, text]) => blocksIn(page, text));

const of = (language: string) =>
  blocks.filter((block) => block.language === language);

const place = ({ page, line }: Block) => `${page}:${line}`;

/**
 * Makes a folder with the files that the pages show: blocks whose first line is a comment with a file's name. Of several with the same
 * name, the page's own counts.
 */
async function folderOf(page: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-docs-" });
  // Responses of configurations in the pages are files of these folders.
  for (const name of ["assets", "dist", "dist/assets"]) {
    await Deno.mkdir(`${folder}/${name}`);
  }
  await Deno.writeTextFile(`${folder}/dist/index.html`, "");
  for (const [name, text] of Object.entries(FILES)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  for (
    const { code } of [...blocks].toSorted((a, b) =>
      Number(a.page === page) - Number(b.page === page)
    )
  ) {
    const name = /^(?:#|\/\/) ([\w.-]+\.(?:yaml|json|ts))\n/.exec(code)?.[1];
    if (name === undefined) continue;
    await Deno.writeTextFile(
      `${folder}/${name}`,
      name.endsWith(".yaml") ? shortened(code) : code,
    );
  }
  return folder;
}

/** Makes the times of a load script a twentieth, so that a run takes a second or two; thresholds stay as they are. */
function shortened(script: string): string {
  if (!script.includes("executor:")) return script;
  return script.split("\n").map((line) =>
    line.startsWith("thresholds:") ? line : line.replaceAll(
      /\b(\d+(?:\.\d+)?)(s|m)\b/g,
      (_, number, unit) =>
        `${Math.ceil(number * (unit === "m" ? 3000 : 50))}ms`,
    )
  ).join("\n");
}

Deno.test("documentation: every block has a language that is run, or a reason why it is not", () => {
  const languages = new Set(["", "ts", "yaml", "json", "sh"]);
  const others = blocks.filter(({ language, code }) =>
    !languages.has(language) && !isNotRun(code)
  );
  deepEqual(others.map(place), []);
  const examples = blocks.filter(({ language }) => language !== "");
  ok(examples.length > 50, `${examples.length} blocks`);
});

for (const page of new Set(of("yaml").map(({ page }) => page))) {
  Deno.test(`documentation: every YAML block of ${page} is a valid configuration, load script or find script`, async () => {
    const folder = await folderOf(page);
    try {
      for (const block of of("yaml").filter((block) => block.page === page)) {
        const file = `${folder}/example.yaml`;
        await Deno.writeTextFile(file, block.code);
        const { status, out, err } = block.code.includes("executor:")
          ? await cli("simulate", file)
          : await cli("check", file);
        equal(status, 0, `${place(block)}:\n${block.code}${out}${err}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("documentation: every JSON block is a configuration, or imports what deno.json exports", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const block of of("json")) {
      const value = JSON.parse(block.code);
      if ("imports" in value) {
        for (const [name, target] of Object.entries(value.imports)) {
          const own: Record<string, string> = deno.imports;
          ok(name in own, `${place(block)}: ${name}`);
          ok(
            `${target}`.endsWith(own[name].slice(1)) ||
              /^(jsr|npm):/.test(`${target}`),
            `${place(block)}: ${name}`,
          );
        }
        continue;
      }
      const file = `${folder}/example.json`;
      await Deno.writeTextFile(file, block.code);
      const { status, out, err } = await cli("check", file);
      equal(status, 0, `${place(block)}: ${out}${err}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The shop of deno.json, with what the pages' commands need beyond it. */
const SHOP = {
  ...deno.perfmock,
  overrides: { delay: true, profile: true, fault: true },
  presets: { "black friday": { backend: { scale: 2 } } },
};

for (const page of new Set(of("sh").map(({ page }) => page))) {
  Deno.test(`documentation: every command of ${page} does what it should`, async () => {
    const folder = await folderOf(page);
    await using server = await createPerfmock(SHOP as never, {
      folder: root,
      log: () => {},
    });
    await reportPage(server);
    const variables = new Map<string, string>();
    const failed: string[] = [];
    try {
      for (const block of of("sh").filter((block) => block.page === page)) {
        for (const command of commandsIn(block.code)) {
          if (isNotRun(command.text)) continue;
          const surroundings = { server, folder, variables };
          const reason = await runCommand(command, surroundings);
          if (reason !== undefined) {
            failed.push(`${place(block)}: ${command.text}\n${reason}`);
          }
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    deepEqual(failed, []);
  });
}

Deno.test("documentation: every reason why something is not run is still needed", () => {
  for (const block of blocks) {
    if (block.language !== "sh") isNotRun(block.code);
    else commandsIn(block.code).forEach(({ text }) => isNotRun(text));
  }
  deepEqual(Object.keys(NOT_RUN).filter((begin) => !used.has(begin)), []);
});

Deno.test("commandsIn() reads words, quotes, continued lines and comments", () => {
  const commands: ShellCommand[] = commandsIn(
    'A=1   # a variable\ncurl -d \'{ "a": 1 }\' \\\n  "http://x/?a=1&b"\n# alone\n\necho a\\ b#c',
  );
  deepEqual(commands.map(({ words }) => words), [
    ["A=1"],
    ["curl", "-d", '{ "a": 1 }', "http://x/?a=1&b"],
    ["echo", "a b#c"],
  ]);
});
