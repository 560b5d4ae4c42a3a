import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { atOnce } from "../../../core/lib/time/mod.ts";
import {
  copySteps,
  withoutErrors,
  writtenRoutes,
} from "../../../core/world/written_settings.ts";

const routeKeys = new Map(
  ["one", "two", "other"].map((key) => [key, {
    plugin: key === "other" ? "b" : "a",
    schema: {} as never,
  }]),
);

/** Returns the rest of a configuration with errors at these paths. */
function left(value: unknown, ...errors: (string | [string, string])[]) {
  return atOnce(withoutErrors(
    value,
    errors.map((error) => {
      const [path, suggestion] = [error].flat();
      return { path, message: "", ...suggestion && { suggestion } };
    }),
    routeKeys,
  ));
}

Deno.test("copySteps() copies all that JSON can hold, and the keys of any name", () => {
  const value = {
    a: { b: [1, null, { c: true }] },
    routes: [{ path: "/a" }, 7],
    ["__proto__"]: { d: 1 },
  };
  const copied = atOnce(copySteps(value)) as typeof value;
  deepEqual(copied, value);
  deepEqual(Object.keys(copied), Object.keys(value));
  ok(copied.a !== value.a && copied.routes[0] !== value.routes[0]);
  equal(atOnce(copySteps("text")), "text");
  throws(() => atOnce(copySteps({ a: { b: () => {} } })), {
    code: "CONFIG_INVALID",
    message: /it holds something that is not data$/,
  });
});

Deno.test("copySteps() yields after each key and each route", () => {
  const keys = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`k${index}`, index]),
  );
  const steps = copySteps({ ...keys, routes: Array(50).fill({}) });
  let count = 0;
  while (steps.next().done !== true) count++;
  equal(count, 100);
});

Deno.test("withoutErrors() leaves out the settings that have errors, with all keys of the same plugin", () => {
  const value = {
    seed: 1,
    journal: { capacity: -1 },
    routes: [
      { path: "/a", one: 1, two: 2, other: 3 },
      { path: 7, one: 1 },
      "no route",
      { path: "/d", onee: 1, two: 2, other: 3 },
      { path: "/e", zzz: 1 },
    ],
  };
  deepEqual(
    left(
      value,
      "/journal/capacity",
      "/routes/0/two/x",
      "/routes/1/path",
      "/routes/1/one",
      ["/routes/3/onee", "one"],
      "/routes/4/zzz",
    ),
    {
      value: {
        seed: 1,
        routes: [
          { path: "/a", other: 3 },
          { path: "/d", other: 3 },
          { path: "/e" },
        ],
      },
      routeIndices: [0, 3, 4],
    },
  );
  deepEqual(left(value, "/routes", "/journal"), {
    value: { seed: 1 },
    routeIndices: [],
  });
  deepEqual(left({ routes: [{ path: "/a" }] }, "/routes/0"), {
    value: { routes: [] },
    routeIndices: [],
  });
});

Deno.test("withoutErrors() leaves nothing where an error concerns a plugin or the whole", () => {
  for (
    const error of ["", "/plugins", "/plugins/x/y", ["/plugin", "plugins"]]
  ) {
    deepEqual(
      left({ routes: [] }, error as string | [string, string]),
      { value: undefined },
      `${error}`,
    );
  }
  deepEqual(left([], "/a"), { value: undefined });
});

Deno.test("withoutErrors() takes about as long for many errors of one route as for its keys", () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
  const route = Object.fromEntries(keys.map((key) => [key, 1]));
  const errors = keys.slice(0, 10_000).map((key) => `/routes/0/${key}`);
  // Errors times keys would be 200 million steps.
  const { value } = left({ routes: [route] }, ...errors);
  equal(Object.keys(writtenRoutes(value)[0]).length, 10_000);
});
