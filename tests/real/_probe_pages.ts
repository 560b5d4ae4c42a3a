/**
 * Pages for the tests of probes.
 *
 * @module
 */
import type { RouteInput } from "../../mod.ts";

/** A page of the server's. */
export function html(
  id: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): RouteInput {
  return {
    id,
    path: `/${id}`,
    response: {
      text: `<!doctype html><title>${id}</title>${text}`,
      headers: { "content-type": "text/html", ...headers },
    },
  };
}

/** Route with a response time, never cached. */
export function api(id: string, serviceTime: string): RouteInput {
  return {
    id,
    path: `/api/${id}`,
    serviceTime,
    response: { json: { id }, headers: { "cache-control": "no-store" } },
  };
}

/** Fetches a route, then shows a text that is larger than all before. */
export function shows(path: string, more = ""): string {
  return `<p>loading</p><script>
    fetch("${path}").then((r) => r.json()).then(({ id }) => {
      document.body.innerHTML = "<h1 id=done style='font-size:80px'>content of " + id + "</h1>";
      performance.measure("shown");
      ${more}
    });
  </script>`;
}

/** Pages of the tests of probes, and the routes that they call. */
export const ROUTES: readonly RouteInput[] = [
  api("hundred", "100ms"),
  api("quick", "5ms"),
  api("minute", "60s"),
  html("simple", shows("/api/hundred")),
  html(
    "cleared",
    shows(
      "/api/quick",
      "performance.clearMeasures(); performance.clearMarks();",
    ),
  ),
  html(
    "polling",
    `<h1>hello</h1><script>setInterval(() => fetch("/api/quick?" + performance.now()).then((r) => r.text()), 100)</script>`,
  ),
  html(
    "guarded",
    `<h1>hello</h1><script nonce=own>fetch("/api/quick").then((r) => r.json()).then(() => performance.measure("shown"))</script>`,
    {
      "content-security-policy":
        "default-src 'none'; script-src 'nonce-own'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
    },
  ),
  ...[["equal", "default"], ["past", "no-store"]].map(([id, cache]) =>
    html(
      id,
      `<h1>hello</h1><script>
        const ask = () => fetch("/api/hundred", { cache: "${cache}" }).then((r) => r.text());
        Promise.all([ask(), ask(), ask()]).then(() => performance.measure("shown"));
      </script>`,
    )
  ),
  html("polls", `<h1>hello</h1><script>fetch("/api/minute")</script>`),
  html(
    "stuck",
    `<h1>hello</h1><script>addEventListener("load", () => setTimeout(() => { for (;;); }, 50))</script>`,
  ),
  html("blank", ""),
  html(
    "click",
    `<button onclick="const end = performance.now() + 80; while (performance.now() < end); document.body.append('clicked')">buy</button>`,
  ),
  html(
    "late",
    `<h1>hello</h1><div id=box style="display:none"><span>price</span></div>
    <script>fetch("/api/hundred").then((r) => r.text()).then(() => box.style.display = "block")</script>`,
  ),
  html(
    "worked",
    `<h1>hello</h1><script>navigator.serviceWorker.register("/worker.js")</script>`,
  ),
  {
    id: "worker",
    path: "/worker.js",
    response: {
      text:
        `addEventListener("install", (event) => event.waitUntil(caches.open("ahead").then((store) => store.add("/api/hundred"))))`,
      headers: { "content-type": "text/javascript" },
    },
  },
  html("moved", `<h1>hello</h1><script>location.replace("/simple")</script>`),
  html("alert", `<script>alert("hello")</script><h1>hello</h1>`),
  html("shared", `<h1>hello</h1><script src="/script.js"></script>`),
  {
    id: "script",
    path: "/script.js",
    response: {
      text: "performance.measure('ran')",
      headers: {
        "content-type": "text/javascript",
        "cache-control": "max-age=3600",
      },
    },
  },
  { id: "down", path: "/down", response: { status: 503, text: "down" } },
  html(
    "unread",
    `<h1>hello</h1><script>fetch("/api/hundred")</script>`,
  ),
  html(
    "busy",
    `<script>
      const start = performance.now();
      let sum = 0;
      for (let i = 0; i < 1e7; i++) sum += Math.sqrt(i);
      performance.measure("ran", { start, detail: sum });
    </script><h1>hello</h1>`,
  ),
];
