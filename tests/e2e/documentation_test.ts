import { deepEqual, equal, ok } from "node:assert/strict";
import { posix } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { root } from "../../tools/run.ts";
import { cli } from "../support/cli.ts";

/** Text of each page, by its path from the repository's root. */
const pages = new Map<string, string>();
for (const folder of ["", "docs/", "examples/monitoring/"]) {
  for await (const { name } of Deno.readDir(`${root}/${folder}`)) {
    if (!name.endsWith(".md")) continue;
    const path = `${folder}${name}`;
    pages.set(path, await Deno.readTextFile(`${root}/${path}`));
  }
}

/** Blocks of code in a page that have exactly this language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
    .filter(([, named]) => named === language).map(([, , code]) => code);
}

/** Names of a page's headings as GitHub makes them for links. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(`${root}/${path}`).then(() => true, () => false);
}

Deno.test("documentation: every link within the repository has a target", async () => {
  const broken: string[] = [];
  for (const [page, text] of pages) {
    const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [file, anchor] = link.split("#");
      const path = file === "" ? page : posix.join(posix.dirname(page), file);
      const found = await exists(path) && (anchor === undefined ||
        anchors(pages.get(path) ?? "").includes(anchor));
      if (!found) broken.push(`${page}: ${link}`);
    }
  }
  deepEqual(broken, []);
});

Deno.test("documentation: docs/README.md links to every page in docs", () => {
  const index = pages.get("docs/README.md") ?? "";
  const missing = [...pages.keys()]
    .filter((path) => path.startsWith("docs/") && path !== "docs/README.md")
    .filter((path) => !index.includes(`](${posix.basename(path)})`));
  deepEqual(missing, []);
});

Deno.test("documentation: every task and command in it exists", async () => {
  const { out } = await cli("help");
  for (const [page, text] of pages) {
    for (const [, task] of text.matchAll(/deno task ([a-z:]+)/g)) {
      ok(task in deno.tasks, `${page}: deno task ${task}`);
    }
    for (const [, command] of text.matchAll(/run -A mod\.ts ([a-z]+)/g)) {
      ok(out.includes(`\n  ${command} `), `${page}: ${command}`);
    }
  }
});

Deno.test("documentation: README names one version of Deno", () => {
  const versions = (pages.get("README.md") ?? "").match(/deno@[0-9.]+/g) ?? [];
  ok(versions.length > 0);
  equal(new Set(versions).size, 1);
});

Deno.test("documentation: every example in YAML is a valid configuration, load script or find script", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // Responses in docs/configuration.md and docs/bodies.md are files of these folders.
    for (const name of ["assets", "dist", "dist/assets"]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    await Deno.writeTextFile(`${folder}/dist/index.html`, "");
    let checked = 0;
    for (const [page, text] of pages) {
      for (const example of blocks(text, "yaml")) {
        const file = `${folder}/example.yaml`;
        await Deno.writeTextFile(file, example);
        const { status, out, err } = example.includes("executor:")
          ? await cli("simulate", file)
          : /^(beacon|command|page):/m.test(example)
          ? await cli("check", file)
          : await cli("check", "--config", file);
        equal(status, 0, `${page}:\n${example}${out}${err}`);
        checked++;
      }
    }
    ok(checked > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
