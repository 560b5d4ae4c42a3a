import { equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createPerfmock } from "../../mod.ts";
import { debianProgram, npmInstall, temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

const FIXTURE = fileURLToPath(
  new URL(
    "../../plugins/exporters/correlation/playwright.ts",
    import.meta.url,
  ),
);

/** An attachment in Playwright's JSON report. */
interface Attachment {
  readonly name: string;
  readonly body?: string;
}

/** A suite in Playwright's JSON report. */
interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs?: readonly {
    readonly ok: boolean;
    readonly tests: readonly {
      readonly results: readonly {
        readonly attachments: readonly Attachment[];
      }[];
    }[];
  }[];
}

function specsOf(suite: Suite): NonNullable<Suite["specs"]> {
  return [
    ...suite.specs ?? [],
    ...(suite.suites ?? []).flatMap((inner) => specsOf(inner)),
  ];
}

/** Text of an attachment whose name matches. */
function textOf(attachments: readonly Attachment[], name: RegExp): string {
  const found = attachments.find((attachment) => name.test(attachment.name));
  ok(found?.body !== undefined, `no ${name} in ${JSON.stringify(attachments)}`);
  return new TextDecoder().decode(
    Uint8Array.from(atob(found.body), (character) => character.charCodeAt(0)),
  );
}

Deno.test({
  name:
    "the fixture of Playwright attaches what was planned and observed to each result",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using api = await createPerfmock({
      control: { path: "/ctl" },
      routes: [{ id: "items", path: "/items", serviceTime: "70ms" }],
    });
    const page =
      `<!doctype html><title>Shop</title><h1>Shop</h1><script>fetch("${api.url.origin}/items").then(() => document.title = "ready")</script>`;
    await using site = await createPerfmock({
      routes: [{
        path: "/",
        response: { text: page, headers: { "content-type": "text/html" } },
      }],
    });
    await npmInstall(folder.path, "@playwright/test@1.57.0");
    const executablePath = await debianProgram(folder.path, "chromium");
    await Deno.copyFile(FIXTURE, `${folder.path}/perfmock.ts`);
    await Deno.writeTextFile(
      `${folder.path}/playwright.config.ts`,
      `export default { reporter: "json", use: { launchOptions: ${
        JSON.stringify({ executablePath, args: ["--no-sandbox"] })
      } } };`,
    );
    await Deno.writeTextFile(
      `${folder.path}/shop.spec.ts`,
      `import { expect, test as base } from "@playwright/test";
import { correlated } from "./perfmock.ts";
const test = correlated(base, { server: ${
        JSON.stringify(new URL("/ctl", api.url).href)
      } });
test("two loads", async ({ page }) => {
  for (let i = 0; i < 2; i++) {
    await page.goto(${JSON.stringify(site.url.href)});
    await expect(page).toHaveTitle("ready");
  }
});
const gone = correlated(base, { server: "http://127.0.0.1:9" });
gone("without a server", async ({ page }) => {
  await page.goto(${JSON.stringify(site.url.href)});
});
`,
    );
    const { stdout, stderr } = await new Deno.Command("npx", {
      args: ["playwright", "test", "--workers=1"],
      cwd: folder.path,
    }).output();
    const text = new TextDecoder();
    const report = text.decode(stdout);
    ok(report.startsWith("{"), report + text.decode(stderr));
    const [two, without] = specsOf(JSON.parse(report));
    equal(two.ok && without.ok, true, report);
    const { attachments } = two.tests[0].results[0];
    const gone = without.tests[0].results[0].attachments;
    ok(
      gone.every(({ name }) => name.endsWith("not available")),
      JSON.stringify(gone),
    );
    for (const load of [1, 2]) {
      const table = textOf(
        attachments,
        new RegExp(`^perfmock ${load}: planned`),
      );
      match(table, /^items \/items +70\.0 +0\.0 +\d+\.\d/m);
      const json = JSON.parse(
        textOf(attachments, new RegExp(`^perfmock ${load}: JSON`)),
      );
      equal(json.url, site.url.href);
    }
  },
});
