import { deepEqual, equal, match } from "node:assert/strict";
import { namedFiles } from "../../core/cli/watch.ts";
import { serving } from "../support/cli.ts";
import { until } from "../support/wait.ts";

const HEAD = "server: { port: 0 }\n";

async function idsOf(url: URL): Promise<string[]> {
  const response = await fetch(new URL("/_perfmock/routes", url));
  const { routes } = await response.json();
  return routes.map(({ id }: { id: string }) => id);
}

Deno.test("serve --watch takes a saved file over, however an editor saves it; a wrong one is told, and the old goes on", async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/mock.yaml`;
  const route = (id: string, more = "") =>
    `${HEAD}routes: [ { id: ${id}, path: /r${more} } ]\n`;
  await Deno.writeTextFile(file, route("first"));
  {
    await using server = await serving(["--watch", "--config", file]);
    const shows = (id: string) =>
      until(async () => (await idsOf(server.url))[0] === id);
    // Written in place.
    await Deno.writeTextFile(file, route("written"));
    await shows("written");
    // Another file put in its place.
    await Deno.writeTextFile(`${folder}/.mock.yaml.tmp`, route("renamed"));
    await Deno.rename(`${folder}/.mock.yaml.tmp`, file);
    await shows("renamed");
    // The old one moved away first.
    await Deno.rename(file, `${file}~`);
    await Deno.writeTextFile(file, route("moved"));
    await shows("moved");
    // Emptied, and written in two pieces, of which the first is a whole document of its own.
    const open = await Deno.open(file, { write: true, truncate: true });
    const whole = new TextEncoder().encode(route("pieces"));
    await open.write(whole.subarray(0, HEAD.length));
    await open.write(whole.subarray(HEAD.length));
    open.close();
    await shows("pieces");
    equal(server.err.includes("error"), false, server.err);
    // Wrong: all errors, with their places.
    await Deno.writeTextFile(file, route("wrong", ", statu: 1, serviceTim: 1"));
    await until(() => server.err.includes("stays in force"));
    match(server.err, /\/routes\/0\/statu: Unknown key/);
    match(server.err, /\/routes\/0\/serviceTim: Unknown key/);
    deepEqual(await idsOf(server.url), ["pieces"]);
    await Deno.writeTextFile(file, route("mended"));
    await shows("mended");
    server.signal("SIGTERM");
    equal((await server.ended).status, 0);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve --watch takes a file over that a distribution is read from", async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/mock.yaml`;
  const values = `${folder}/data/values.txt`;
  await Deno.mkdir(`${folder}/data`);
  await Deno.writeTextFile(values, "1\n1\n");
  await Deno.writeTextFile(
    file,
    `${HEAD}routes: [ { id: r, path: /r, serviceTime: { empirical: { file: data/values.txt } } } ]\n`,
  );
  {
    await using server = await serving(["--watch", "--config", file]);
    const does = async () => {
      const response = await fetch(new URL("/_perfmock/routes", server.url));
      return (await response.json()).routes[0].does[0];
    };
    match(await does(), /^1 ms/);
    await Deno.writeTextFile(values, "7\n7\n");
    await until(async () => (await does()).startsWith("7 ms"));
    server.signal("SIGTERM");
    await server.ended;
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("namedFiles() finds the files that are read with a configuration, at any depth", () => {
  deepEqual(
    namedFiles({
      plugins: {
        distributions: { profiles: { a: { histogram: { file: "h" } } } },
      },
      routes: [
        { response: { file: "each-time.json" }, serviceTime: { fit: [1] } },
        { responses: [{ file: "in-turn.json" }] },
        { serviceTime: { shift: { of: { empirical: { file: "/e.json" } } } } },
        null,
      ],
    }, "/f"),
    ["/f/h", "/e.json"],
  );
});
