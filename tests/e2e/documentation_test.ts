import { deepEqual, equal, ok } from "node:assert/strict";
import { posix } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { root } from "../../tools/run.ts";
import { cli } from "../support/cli.ts";
import { readPages } from "./_documentation.ts";

/** Text of each page, by its path from the repository's root. */
const pages = await readPages();

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
    .filter((path) => !index.includes(`](${path.slice("docs/".length)})`));
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
