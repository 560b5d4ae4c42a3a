import { deepEqual, equal, ok } from "node:assert/strict";
import type { Dials, Plugin } from "../../core/plugin.ts";
import { createTestServer } from "../../core/testing.ts";

const CONTRACT = new URL("../../core/plugin.ts", import.meta.url);

/** Returns the code of the example in the contract's module comment that uses `endpoint()`. */
async function example(): Promise<string> {
  const text = await Deno.readTextFile(CONTRACT);
  const comment = text.slice(0, text.indexOf("@module"))
    .replaceAll(/^ \* ?/gm, "");
  const [code] = [...comment.matchAll(/^```ts\n(.*?)^```/gms)]
    .map(([, code]) => code).filter((code) => code.includes("endpoint("));
  return code;
}

/** Imports a plugin from its source text. */
async function imported(code: string): Promise<Plugin> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      code.replace("@perfmock/perfmock/plugin", CONTRACT.href),
    );
    return (await import(`file://${file}`)).default;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("The example in the contract is a plugin of at most 40 lines", async () => {
  const lines = (await example()).trimEnd().split("\n");
  ok(lines.length > 1 && lines.length <= 40, `${lines.length} lines`);
});

Deno.test("The example's option, route key, hook, metric, control call and dial work in a server", async () => {
  const plugin = await imported(await example());
  let dials: Dials | undefined;
  const operator: Plugin = {
    name: "operator",
    version: "1.0.0",
    setup(host) {
      dials = host.dials;
      return {};
    },
  };
  await using test = await createTestServer({
    plugins: { extra_delay: { limit: "300ms" } },
    routes: [
      { path: "/slow", serviceTime: "10ms", extraDelay: "100ms" },
      { path: "/plain", serviceTime: "10ms" },
    ],
  }, { plugins: [plugin, operator] });
  const durationOf = async (path: string) => {
    const { response, duration } = await test.request(path);
    await response.body?.cancel();
    return duration;
  };
  deepEqual([await durationOf("/slow"), await durationOf("/plain")], [110, 10]);

  const set = async (factor: unknown) => {
    const { response } = await test.request("/_perfmock/extra_delay/factor", {
      method: "PUT",
      body: JSON.stringify({ factor }),
    });
    return [response.status, (await response.json()).factor];
  };
  deepEqual(await set(-1), [400, undefined]);
  deepEqual(await set(2), [200, 2]);
  equal(await durationOf("/slow"), 210);
  deepEqual(await set(9), [200, 9]);
  equal(await durationOf("/slow"), 310, "the option is the limit");

  deepEqual(await set(1), [200, 1]);
  const dial = dials?.hold(
    { kind: "route", of: "get-slow", dial: "extraDelay" },
    "the test",
  );
  dial?.turn(40);
  equal(await durationOf("/slow"), 50);
  dial?.release();
  equal(await durationOf("/slow"), 110);

  const response = await test.server.fetch(
    new Request(new URL("/metrics", test.server.url)),
  );
  ok((await response.text()).includes("\nextra_delay_total 5\n"));
});
