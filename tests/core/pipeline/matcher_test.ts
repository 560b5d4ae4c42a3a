import { deepEqual, equal, throws } from "node:assert/strict";
import { atOnce } from "../../../core/lib/time/mod.ts";
import { getPath } from "hono/utils/url";
import {
  decodedPattern,
  Matcher,
  pathOf,
} from "../../../core/pipeline/matcher.ts";

function matcher(...routes: readonly (readonly [string, string])[]) {
  return new Matcher(
    routes.map(([methods, path]) => ({ methods: methods.split(" "), path })),
  );
}

Deno.test("Matcher finds the first route that matches a path, including parameters and wildcards", () => {
  const m = matcher(["GET", "/a/:id"], ["GET", "/a/b"], ["GET", "/files/*"]);
  equal(m.find("GET", "/a/b")?.path, "/a/:id");
  equal(m.find("GET", "/files/x/y")?.path, "/files/*");
  equal(m.find("GET", "/a"), undefined);
  equal(m.find("GET", "/a/b/c"), undefined);
});

Deno.test("Matcher supports patterns, optional parameters, and routes that only a trie can match", () => {
  const m = matcher(
    ["GET", "/n/:id{[0-9]+}"],
    ["GET", "/o/:id?"],
    ["GET", "/x/:a/y"],
    ["GET", "/x/z/*"],
    ["GET", "/x/:b/:c"],
  );
  equal(m.find("GET", "/n/12")?.path, "/n/:id{[0-9]+}");
  equal(m.find("GET", "/n/ab"), undefined);
  equal(m.find("GET", "/o")?.path, "/o/:id?");
  equal(m.find("GET", "/o/1")?.path, "/o/:id?");
  equal(m.find("GET", "/x/z/q")?.path, "/x/z/*");
  equal(m.find("GET", "/x/p/q")?.path, "/x/:b/:c");
});

Deno.test("Matcher finds the HEAD route for HEAD, or else the GET route", () => {
  const m = matcher(["HEAD", "/own"], ["GET", "/own"], ["GET", "/get"]);
  deepEqual(m.find("HEAD", "/own")?.methods, ["HEAD"]);
  deepEqual(m.find("HEAD", "/get")?.methods, ["GET"]);
  equal(m.find("HEAD", "/none"), undefined);
});

Deno.test("Matcher matches any method if the route accepts all methods", () => {
  const m = matcher(["*", "/any"], ["GET POST", "/two"]);
  for (const method of ["GET", "DELETE", "BREW", "OPTIONS"]) {
    equal(m.find(method, "/any")?.path, "/any");
  }
  equal(m.find("POST", "/two")?.path, "/two");
  equal(m.find("PUT", "/two"), undefined);
});

Deno.test("Matcher.methodsOf() lists the methods for which a path has routes", () => {
  const m = matcher(["POST", "/a"], ["GET", "/a"], ["PUT", "/b"]);
  deepEqual(m.methodsOf("/a"), ["GET", "POST"]);
  deepEqual(m.methodsOf("/b"), ["PUT"]);
  deepEqual(m.methodsOf("/c"), []);
});

Deno.test("decodedPattern() decodes a pattern as Hono decodes a request's path", () => {
  for (
    const path of ["/a%20b", "/caf%C3%A9", "/x%2Fy", "/q%3Fz", "/100%25", "/%"]
  ) {
    equal(
      decodedPattern(path),
      getPath(new Request(`http://localhost${path}`)),
      path,
    );
  }
});

Deno.test("Matcher finds a path however its pattern is encoded", () => {
  equal(matcher(["GET", "/a%20b"]).find("GET", "/a b")?.path, "/a%20b");
  equal(matcher(["GET", "/café"]).find("GET", "/café")?.path, "/café");
});

Deno.test("Matcher without routes finds nothing", () => {
  const m = matcher();
  equal(m.find("GET", "/"), undefined);
  equal(m.find("HEAD", "/"), undefined);
  deepEqual(m.methodsOf("/"), []);
});

Deno.test("Matcher treats names of Object's properties as ordinary names", () => {
  const m = matcher(["GET", "/:name"]);
  for (const path of ["/constructor", "/__proto__", "/toString"]) {
    equal(m.find("GET", path)?.path, "/:name");
  }
  equal(m.find("constructor", "/x"), undefined);
  throws(() => matcher(["GET", "/:id{[}"]).find("GET", "/x"), SyntaxError);
});

Deno.test("Matcher finds the same routes among few, which it compiles, and among many, step by step or at once", () => {
  const special = [
    "/a/:id",
    "/a/b",
    "/files/*",
    "/o/:id?",
    "/n/:id{[0-9]+}",
    "/x/:a/y",
    "/x/:b/:c",
    "/deep/:rest{.+}",
  ];
  const many = Array.from(
    { length: 500 },
    (_, index) => `/many/:id${index}/${index}`,
  );
  const routes = (paths: readonly string[]) =>
    paths.map((path) => ({ methods: ["GET"], path }));
  const few = new Matcher(routes(special));
  const all = new Matcher(routes([...special, ...many]));
  const stepped = atOnce(Matcher.inSteps(routes([...special, ...many])));
  for (
    const path of [
      "/a/b",
      "/a",
      "/files",
      "/files/x/y",
      "/o",
      "/o/1",
      "/n/12",
      "/n/ab",
      "/x/p/y",
      "/x/p/q",
      "/deep/a/b/c",
      "/none",
    ]
  ) {
    const expected = few.find("GET", path)?.path;
    equal(all.find("GET", path)?.path, expected, path);
    equal(stepped.find("GET", path)?.path, expected, path);
  }
  equal(all.find("GET", "/many/x/499")?.path, "/many/:id499/499");
});

Deno.test("Matcher takes paths that are too long for one regular expression", () => {
  const long = `/${"a".repeat(3000)}`;
  const m = matcher(["GET", long], ["GET", `/:id/${"b".repeat(9000)}`], [
    "GET",
    "/fast",
  ]);
  equal(m.find("GET", "/fast")?.path, "/fast");
  equal(m.find("GET", long)?.path, long);
});

Deno.test("pathOf() is / for a URL without a path, whatever its query contains", () => {
  for (const end of ["", "?q", "?q=/a/b", "#/a"]) {
    equal(pathOf({ url: `http://b.example${end}` }), "/");
    equal(pathOf({ url: `http://b.example:80${end}` }), "/");
    equal(pathOf({ url: `http://b.example/a%20b${end}` }), "/a b");
  }
  equal(pathOf({ url: "HTTP://b" }), "/");
  equal(pathOf({ url: "?q" }), "/");
});
