import { deepEqual, equal, ok } from "node:assert/strict";
import { type Browser, chromium } from "playwright-core";
import { parse } from "yaml";
import { createPerfmock } from "../../mod.ts";
import { cli } from "../support/cli.ts";
import { debianProgram, temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

/** Number of calls that the page makes of each route, one after another. */
const CALLS = 120;

/** A page that calls its server, and names itself when it is done. */
const PAGE =
  `<!doctype html><title>loading</title><link rel="stylesheet" href="/style.css"><script type="module">
const seen = [];
for (let i = 0; i < ${CALLS}; i++) seen.push((await (await fetch("/api/quote")).json()).price);
for (let i = 0; i < 4; i++) seen.push((await (await fetch("/api/items/" + i)).json()).id);
for (const operationName of ["GetCart", "GetUser"]) {
  const body = JSON.stringify({ operationName, query: "query " + operationName + " { a }" });
  const response = await fetch("/graphql", { method: "POST", body, headers: { "content-type": "application/json" } });
  seen.push((await response.json()).data);
}
seen.push((await fetch("/api/cart", { method: "POST", body: "{}" })).status);
document.title = JSON.stringify(seen.slice(${CALLS} - 1));
</script>`;

/** Opens the page, records a HAR, and returns it with the page's title. */
async function recorded(browser: Browser, url: URL, file: string) {
  const context = await browser.newContext({
    recordHar: { path: file, content: "embed" },
  });
  const page = await context.newPage();
  await page.goto(url.href);
  await page.waitForFunction('document.title !== "loading"');
  const title = await page.title();
  await context.close();
  return { title, har: JSON.parse(await Deno.readTextFile(file)) };
}

/** Times until the first byte of the calls of a path, ascending. */
function waitsOf(
  har: {
    log: { entries: { request: { url: string }; timings: { wait: number } }[] };
  },
  path: string,
): number[] {
  return har.log.entries.filter(({ request }) => request.url.endsWith(path))
    .map(({ timings }) => timings.wait).sort((a, b) => a - b);
}

/** Largest difference of two empirical distribution functions. */
function distance(first: readonly number[], second: readonly number[]): number {
  const share = (list: readonly number[], x: number) =>
    list.filter((value) => value <= x).length / list.length;
  return Math.max(
    ...[...first, ...second].map((x) =>
      Math.abs(share(first, x) - share(second, x))
    ),
  );
}

Deno.test({
  name:
    "a page that Chromium recorded works with the imported mock, whose times pass KS against the recording",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using site = await createPerfmock({
      seed: 3,
      routes: [
        {
          path: "/",
          serviceTime: "15ms",
          response: { text: PAGE, headers: { "Content-Type": "text/html" } },
        },
        {
          path: "/style.css",
          serviceTime: "5ms",
          response: {
            text: "body { color: #{{query.x}}123 }",
            headers: { "Content-Type": "text/css" },
          },
        },
        {
          path: "/api/quote",
          serviceTime: { lognormal: { median: "12ms", p99: "60ms" } },
          response: { json: { price: 9 } },
        },
        {
          path: "/api/items/:id",
          serviceTime: "30ms",
          response: { json: { id: "{{path.id}}" } },
        },
        {
          path: "/graphql",
          when: { graphql: { operation: "GetCart" } },
          serviceTime: "20ms",
          response: { json: { data: "cart" } },
        },
        {
          path: "/graphql",
          when: { graphql: { operation: "GetUser" } },
          serviceTime: "40ms",
          response: { json: { data: "user" } },
        },
        { method: "POST", path: "/api/cart", response: { status: 201 } },
      ],
    });
    await using browser = await chromium.launch({
      executablePath: await debianProgram(
        folder.path,
        "chromium-headless-shell",
      ),
      args: ["--no-sandbox"],
    });
    const first = await recorded(browser, site.url, `${folder.path}/first.har`);
    const imported = await cli(
      "import",
      `${folder.path}/first.har`,
      "--out",
      `${folder.path}/mock.yaml`,
      "--script",
      `${folder.path}/load.yaml`,
    );
    equal(imported.status, 0, imported.err);
    const checked = await cli("check", `${folder.path}/mock.yaml`);
    equal(checked.status, 0, checked.err);
    await using mock = await createPerfmock(
      {
        ...parse(await Deno.readTextFile(`${folder.path}/mock.yaml`)),
        seed: 5,
      },
    );
    const second = await recorded(
      browser,
      mock.url,
      `${folder.path}/second.har`,
    );
    equal(second.title, first.title);
    deepEqual(JSON.parse(second.title), [
      9,
      "0",
      "1",
      "2",
      "3",
      "cart",
      "user",
      201,
    ]);
    const [before, after] = [first, second].map(({ har }) =>
      waitsOf(har, "/api/quote")
    );
    equal(before.length, CALLS);
    equal(after.length, CALLS);
    // √n·D < 1.9495 at a level of 0.001; both are samples.
    const bound = 1.9495 * Math.sqrt(2 / CALLS);
    ok(
      distance(before, after) < bound,
      `KS ${distance(before, after)} of ${bound}`,
    );
  },
});
