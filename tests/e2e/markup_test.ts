import { equal } from "node:assert/strict";
import { createPerfmock } from "../../core/app.ts";

const HTML = { "Content-Type": "text/html" };
const SCRIPT = "<script>fetch('/_perfmock/config')</script>";
const ESCAPED =
  "&lt;script&gt;fetch(&#39;/_perfmock/config&#39;)&lt;/script&gt;";

Deno.test("values of a request are escaped in HTML and XML, and nowhere else", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        path: "/html",
        response: { text: "<p>{{query.q}}</p>", headers: HTML },
      },
      {
        path: "/raw",
        response: { text: "<p>{{ raw query.q }}</p>", headers: HTML },
      },
      { path: "/page/:q", response: { text: "{{path.q}}", headers: HTML } },
      { path: "/text", response: { text: "{{query.q}}" } },
      { path: "/json", response: { json: ["{{query.q}}", "a {{query.q}}"] } },
      {
        path: "/json-as-html",
        response: { json: ["{{query.q}}"], headers: HTML },
      },
      {
        path: "/svg",
        response: {
          text: "<svg>{{query.q}}</svg>",
          headers: { "content-type": "image/svg+xml" },
        },
        wire: { bandwidth: "10MiB/s" },
      },
      {
        path: "/events",
        response: { events: { count: 1, data: "{{query.q}}" }, headers: HTML },
      },
    ],
  }, { listen: false, log: () => {} });
  const get = async (path: string) =>
    await (await server.fetch(
      new Request(`http://localhost${path}?q=${encodeURIComponent(SCRIPT)}`),
    )).text();
  equal(await get("/html"), `<p>${ESCAPED}</p>`);
  equal(await get("/raw"), `<p>${SCRIPT}</p>`);
  equal(await get(`/page/${encodeURIComponent(SCRIPT)}`), ESCAPED);
  equal(await get("/text"), SCRIPT);
  equal(await get("/json"), JSON.stringify([SCRIPT, `a ${SCRIPT}`]));
  equal(await get("/svg"), `<svg>${ESCAPED}</svg>`);
  equal(await get("/events"), `data: ${ESCAPED}\n\n`);
  const json = await get("/json-as-html");
  equal(/[<>]/.test(json), false);
  equal(JSON.parse(json)[0], SCRIPT);
});

Deno.test("a raw placeholder is checked like any other", async () => {
  await using server = await createPerfmock({
    routes: [{ path: "/a/:id", response: { json: { id: "{{raw path.id}}" } } }],
  }, { listen: false, log: () => {} });
  const response = await server.fetch(new Request("http://localhost/a/7"));
  equal(await response.text(), '{"id":"7"}');
  const refused = await createPerfmock({
    routes: [{ path: "/a", response: { text: "{{raw path.id}}" } }],
  }, { listen: false, log: () => {} }).catch((error) => error.issues[0].path);
  equal(refused, "/routes/0/response/text");
});
