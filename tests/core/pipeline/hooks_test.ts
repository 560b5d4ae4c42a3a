import { deepEqual, equal } from "node:assert/strict";
import {
  hookIssues,
  planHooks,
  resets,
  summaries,
} from "../../../core/pipeline/hooks.ts";
import type { RouteHooks } from "../../../core/plugin.ts";

function offer(plugin: string, hooks: RouteHooks) {
  return { plugin, hooks };
}

function observer(seen: string[], name: string) {
  return () => void seen.push(name);
}

Deno.test("planHooks() puts pre hooks first and post hooks last, and otherwise keeps the plugins' order", () => {
  const seen: string[] = [];
  const named = (name: string) => observer(seen, name);
  const { observe } = planHooks([
    offer("a", { observe: { order: "post", handler: named("a post") } }),
    offer("b", { observe: named("b") }),
    offer("c", { observe: { order: "pre", handler: named("c pre") } }),
    offer("d", { observe: named("d") }),
    offer("e", { observe: { order: "pre", handler: named("e pre") } }),
    offer("f", { observe: { order: "post", handler: named("f post") } }),
    offer("g", {}),
  ]);
  for (const hook of observe) hook({} as never);
  deepEqual(seen, ["c pre", "e pre", "b", "d", "a post", "f post"]);
});

Deno.test("planHooks() uses the only serve hook, or none", () => {
  const serve = () => 5;
  equal(
    planHooks([
      offer("a", {}),
      offer("b", { serve: { order: "pre", handler: serve } }),
    ])
      .serve,
    serve,
  );
  const empty = planHooks([]);
  deepEqual(empty, {
    admit: [],
    serve: undefined,
    degrade: [],
    respond: [],
    observe: [],
    plugins: { admit: [], serve: [], degrade: [], respond: [], observe: [] },
  });
});

Deno.test("summaries() lists the plugins' summaries of a route", () => {
  deepEqual(
    summaries([
      offer("a", { summary: "half within 2 ms" }),
      offer("b", {}),
      offer("c", { summary: "at most 3 at once" }),
    ]),
    ["half within 2 ms", "at most 3 at once"],
  );
});

Deno.test("planHooks() runs a plugin's list of admit hooks in order", () => {
  const lease = { release() {} };
  const named = (name: string) =>
    Object.defineProperty(() => lease, "name", { value: name });
  const { admit } = planHooks([
    offer("a", {
      admit: [
        named("web"),
        { order: "post", handler: named("last") },
        named("db"),
      ],
    }),
    offer("b", { admit: named("other") }),
  ]);
  deepEqual(admit.map(({ name }) => name), ["web", "db", "other", "last"]);
  deepEqual(
    hookIssues([offer("a", { admit: [named("web"), 5 as never] })])
      .map(({ message }) => message),
    ['Plugin "a" offers a hook "admit" that is not a function'],
  );
});

Deno.test("hookIssues() names an unknown hook and suggests a similar one", () => {
  deepEqual(hookIssues([offer("a", { obsreve() {} } as RouteHooks)]), [{
    path: "",
    message: 'Plugin "a" offers an unknown hook "obsreve"',
    value: "obsreve",
    allowed: "admit, serve, degrade, respond, observe",
    suggestion: "observe",
  }]);
});

Deno.test("hookIssues() refuses a hook that is not a function or has an unknown order", () => {
  const issues = hookIssues([
    offer("a", { admit: 5, degrade: null } as unknown as RouteHooks),
    offer(
      "b",
      {
        observe: { order: "first", handler() {} },
        serve: { order: "pre", handler: 5 },
        degrade: { order: "post", handler: () => 0 },
      } as unknown as RouteHooks,
    ),
  ]);
  deepEqual(issues.map(({ message, value }) => [message, value]), [
    ['Plugin "a" offers a hook "admit" that is not a function', undefined],
    ['Plugin "a" offers a hook "degrade" that is not a function', undefined],
    ['Plugin "b" offers a hook "observe" with an unknown order', "first"],
    ['Plugin "b" offers a hook "serve" that is not a function', undefined],
  ]);
});

Deno.test("hookIssues() refuses a second serve hook and names both plugins", () => {
  const serve = () => 1;
  deepEqual(
    hookIssues([
      offer("a", { serve, summary: "one", observe: undefined }),
      offer("b", { serve: { order: "post", handler: serve } }),
    ]),
    [{
      path: "",
      message: 'Only one plugin can serve a route, but "a" and "b" do',
      suggestion: "Remove the route keys of all but one of them",
    }],
  );
});

Deno.test("resets() returns true if any plugin may reset connections", () => {
  const offers = [{ plugin: "a", hooks: {} }, {
    plugin: "b",
    hooks: { resets: true },
  }];
  equal(resets(offers), true);
  equal(resets(offers.slice(0, 1)), false);
  deepEqual(hookIssues(offers), []);
});
