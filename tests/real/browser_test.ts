import { deepEqual } from "node:assert/strict";
import { until } from "../support/wait.ts";
import { foundBy } from "./_browser_page.ts";
import { LARGE, startServer } from "./_clients.ts";
import { temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

/** The page: it talks to a server of another origin, whose URL replaces API, and sends its results back to its own. */
const PAGE = `<!doctype html><title>Test</title><script type="module">
const api = "API";
const post = (path, body) => fetch(api + path, { method: "POST", body });
const left = (error) => error.name;
const results = {
  async get() { const r = await fetch(api + "hello"); return r.status + " " + await r.text(); },
  async preflight() {
    const r = await fetch(api + "hello", { method: "PUT", headers: { "x-own": "a", "content-type": "application/json" }, body: "{}" });
    return r.status + " " + await r.text();
  },
  async events() {
    const source = new EventSource(api + "events");
    const seen = [];
    await new Promise((done) => {
      source.onmessage = ({ data }) => { if (seen.push(data) === 3) { source.close(); done(); } };
    });
    return seen.join(" ");
  },
  abort_wait: () => fetch(api + "slow", { signal: AbortSignal.timeout(200) }).then(() => "answered", left),
  async abort_body() {
    const aborter = new AbortController();
    const reader = (await fetch(api + "drip", { signal: aborter.signal })).body.getReader();
    await reader.read();
    aborter.abort();
    return await reader.read().then(() => "went on", left);
  },
  async upload() { return await (await post("size", new Uint8Array(${LARGE}))).text(); },
  async ignored() { return await (await post("hello", new Uint8Array(${LARGE}))).text(); },
  async download() { return String((await (await fetch(api + "large")).arrayBuffer()).byteLength); },
  async timing() {
    await (await fetch(api + "wait?timed")).text();
    const [entry] = performance.getEntriesByName(api + "wait?timed");
    const total = entry.serverTiming.find(({ name }) => name === "total");
    return String(total.duration >= 20 && entry.responseStart - entry.requestStart >= 20);
  },
  reset: () => fetch(api + "reset").then((r) => r.text()).then(() => "answered", left),
  cut: () => fetch(api + "cut").then((r) => r.text()).then(() => "whole", left),
  async many() {
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => fetch(api + "wait?" + i).then((r) => r.status)));
    return all.filter((status) => status === 200).length + " of " + all.length;
  },
};
const found = {};
for (const [name, result] of Object.entries(results)) found[name] = await result().catch(String);
await fetch("/found", { method: "POST", body: JSON.stringify(found) });
</script>`;

for (const engine of ["native", "deno"] as const) {
  Deno.test({
    name: `${engine}: a page in Chromium sees nothing unusual`,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await startServer(engine, folder.path);
      const page = PAGE.replace("API", server.url.href);
      const found = await foundBy(page, folder.path, {
        engine,
        settled: () => until(() => server.inFlight === 0),
      });
      deepEqual(found, {
        get: "200 hello",
        preflight: "200 hello",
        events: "0 1 2",
        abort_wait: "TimeoutError",
        abort_body: "AbortError",
        upload: String(LARGE),
        ignored: "hello",
        download: String(LARGE),
        timing: "true",
        reset: "TypeError",
        cut: "TypeError",
        many: "200 of 200",
      });
      const { slow, drip } = server.stats().routes;
      deepEqual([slow.gone, drip.gone], [1, 1]);
    },
  });
}
