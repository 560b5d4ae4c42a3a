import {
  deepEqual,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { AssertionError } from "node:assert";
import { definePlugin, endpoint, type Plugin } from "../../../core/plugin.ts";
import distributions from "../../../plugins/distributions/mod.ts";
import { createPluginServer } from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";
import { hooks } from "../../support/plugins.ts";

const plugin: Plugin = definePlugin({
  name: "extra_delay",
  version: "1.0.0",
  options: ({ z, duration }) =>
    z.strictObject({ limit: duration().default(1000) }),
  routeKeys: ({ duration }) => ({ extraDelay: duration().optional() }),
  setup({ kit, metrics }, { limit }) {
    let factor = 1;
    const delayed = metrics.counter({
      name: "extra_delay_total",
      help: "Delayed requests",
      labels: ["route"],
    });
    const took = metrics.timing({ name: "extra_delay_seconds", help: "Delays" })
      .series();
    return {
      snapshot: () => ({ factor }),
      route({ id }, { extraDelay }) {
        if (extraDelay === undefined) return undefined;
        const count = delayed.series(id);
        return {
          dials: { extraDelay: { type: kit.duration(), turn() {} } },
          degrade() {
            const delay = Math.min(factor * extraDelay, limit);
            count.add();
            took.record(delay);
            return delay;
          },
        };
      },
      control: [
        endpoint({
          method: "PUT",
          path: "/factor",
          summary: "Set the factor",
          body: kit.z.strictObject({ factor: kit.number({ min: 0 }) }),
          handle({ body }) {
            factor = body.factor;
            return { factor };
          },
        }),
        endpoint({
          method: "GET",
          path: "/text",
          summary: "Say the factor",
          type: "text/plain",
          handle: () => new Response(`${factor}`),
        }),
      ],
    };
  },
});

Deno.test("createPluginServer() runs one plugin alone: options, route keys, control calls, metrics, report, dials", async () => {
  await using test = await createPluginServer(plugin, {
    options: { limit: "300ms" },
    route: { id: "root", extraDelay: "200ms" },
    config: { routes: [{ path: "/other", extraDelay: "5ms" }] },
  });
  equal((await test.request()).duration, 200);
  equal((await test.request("/other")).duration, 5);
  deepEqual(await test.control("PUT /factor", { factor: 2 }), {
    status: 200,
    body: { factor: 2 },
  });
  deepEqual((await test.control("GET /text")).status, 200);
  equal((await test.control("PUT /factor", { factor: -1 })).status, 400);
  equal((await test.request()).duration, 300);
  equal(test.metric("extra_delay_total", "root"), 2);
  equal(test.metric("extra_delay_seconds"), 3);
  deepEqual(test.snapshot(), { factor: 2 });
  deepEqual(
    [...test.host.dials.list()].filter(({ dial }) => dial === "extraDelay")
      .map(({ of }) => of),
    ["get-other", "root"],
  );
  deepEqual(test.errors, []);
});

Deno.test("createPluginServer() leaves other plugins off, unless they are asked for or required", async () => {
  const named = async (more: object) => {
    await using test = await createPluginServer(plugin, more);
    const { response } = await test.request("/_perfmock/plugins");
    const { plugins } = await response.json();
    return plugins.map(({ name }: { readonly name: string }) => name);
  };
  deepEqual(await named({}), ["plugin_under_test_observer", "extra_delay"]);
  deepEqual(await named({ beside: ["distributions"] }), [
    "distributions",
    "plugin_under_test_observer",
    "extra_delay",
  ]);
  const needing = { ...plugin, requires: ["limiter"] };
  await using test = await createPluginServer(needing, {
    beside: ["distributions"],
    route: { serviceTime: "7ms", limiter: { concurrency: 1 } },
  });
  equal((await test.request()).duration, 7);
  equal(test.snapshot() !== null, true);
});

Deno.test("createPluginServer() runs a built-in plugin alone", async () => {
  await using test = await createPluginServer(distributions, {
    options: { profiles: { quick: "3ms" } },
    route: { serviceTime: "quick" },
  });
  equal((await test.request()).duration, 3);
});

Deno.test("createPluginServer() makes an error of the plugin's code fail the request", async () => {
  const failing = hooks("failing", {
    degrade() {
      throw new TypeError("no such pool");
    },
  });
  await using test = await createPluginServer(failing);
  await rejects(test.request(), (error: Error) => {
    ok(error instanceof AssertionError);
    match(error.message, /"degrade" of plugin "failing".*no such pool/);
    return true;
  });
  equal(test.errors.length, 1);
  equal(test.snapshot(), null);
});

Deno.test("createPluginServer() reports all errors of the options and the route, and an unknown built-in plugin", async () => {
  const wrong = await errorOf(() =>
    createPluginServer(plugin, {
      options: { limit: "soon" },
      route: { extraDelay: -1, extraDelya: 1 },
    })
  );
  deepEqual(wrong.issues.map(({ path }) => path), [
    "/routes/0/extraDelay",
    "/routes/0/extraDelya",
    "/plugins/extra_delay/limit",
  ]);
  const unknown = await errorOf(() =>
    createPluginServer(plugin, { beside: ["limitr"] })
  );
  equal(unknown.code, "ARGUMENT_INVALID");
  match(unknown.message, /There is no built-in plugin "limitr"$/);
  match(unknown.issues[0].allowed ?? "", /distributions, limiter/);
});

Deno.test("PluginServer.metric() of an unknown metric or series names those that there are", async () => {
  await using test = await createPluginServer(plugin, {
    route: { extraDelay: 1 },
  });
  throws(
    () => test.metric("extra_dely_total"),
    /There is no metric.*extra_delay_total/,
  );
  throws(
    () => test.metric("extra_delay_total", "nowhere"),
    /has no series \(nowhere\), only \(get-root\)/,
  );
  throws(() => test.metric("extra_delay_total"), /has no series \(\)/);
});
