import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import {
  debianProgram,
  npmInstallWhole,
  succeed,
  temporaryFolder,
} from "./_packages.ts";
import { required, run } from "./_software.ts";

/** A single-page application: a router, a style, and a part that is loaded when it is needed and calls the API. */
const SOURCES: Readonly<Record<string, string>> = {
  "index.html":
    `<!doctype html><html><head><title>Shop</title></head><body><div id="app"></div>
<script type="module" src="/main.js"></script></body></html>`,
  "main.js": `import { h, render } from "preact";
import { Route, Switch } from "wouter-preact";
import "./main.css";
const order = ({ id }) => h("p", { id: "order" }, "order " + id);
const home = h("p", null, "home");
render(
  h(Switch, null, h(Route, { path: "/orders/:id" }, order), h(Route, null, home)),
  document.querySelector("#app"),
);
const { later } = await import("./later.js");
await later();`,
  "main.css": "#order { color: rgb(1, 2, 3) }",
  "later.js": `export async function later() {
  const response = await fetch("/api" + location.pathname);
  const { state } = await response.json();
  const { color } = getComputedStyle(document.querySelector("#order"));
  const navigation = performance.getEntriesByType("navigation")[0];
  const script = performance.getEntriesByType("resource").find(({ name }) => name.endsWith(".js"));
  document.title = [
    state,
    color,
    navigation.responseStatus,
    script.encodedBodySize < script.decodedBodySize / 2,
  ].join("|");
}`,
};

Deno.test({
  name:
    "a single-page application that vite has built runs in Chromium from a deep link, beside its API",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    for (const [name, text] of Object.entries(SOURCES)) {
      await Deno.writeTextFile(`${folder.path}/${name}`, text);
    }
    await npmInstallWhole(
      folder.path,
      "vite@7.2.4",
      "preact@10.27.2",
      "wouter-preact@3.7.1",
    );
    await succeed(folder.path, "npx", ["vite", "build", "--target=esnext"]);
    const chromium = await debianProgram(folder.path, "chromium");
    for (const engine of ENGINES) {
      await using server = await createPerfmock({
        server: { engine, cors: false },
        routes: [
          {
            id: "order",
            path: "/api/orders/:id",
            serviceTime: "20ms",
            response: { json: { id: "{{path.id}}", state: "paid" } },
          },
          {
            id: "app",
            path: "/*",
            response: { folder: "dist", fallback: "index.html" },
          },
        ],
      }, { folder: new URL(`file://${folder.path}/`) });
      const { output } = await run(chromium, [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        `--user-data-dir=${folder.path}/profile-${engine}`,
        "--virtual-time-budget=10000",
        "--dump-dom",
        new URL("/orders/17", server.url).href,
      ], "");
      match(output, /<p id="order">order 17<\/p>/, engine);
      match(output, /<title>paid\|rgb\(1, 2, 3\)\|200\|true<\/title>/, engine);
      const requests = server.requests();
      equal(requests.filter(({ route }) => route === "order").length, 1);
      deepEqual(
        requests.filter(({ status, path }) =>
          status >= 400 && path !== "/favicon.ico"
        ),
        [],
      );
      ok(server.stats().routes.app.bodyBytes > 0);
    }
  },
});
