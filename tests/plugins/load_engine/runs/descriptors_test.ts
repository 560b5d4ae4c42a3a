import { equal } from "node:assert/strict";
import {
  connectionsWithin,
  descriptorIssue,
  usersOf,
} from "../../../../plugins/load_engine/runs/descriptors.ts";
import { parse } from "../_scripts.ts";

const REQUESTS = { requests: [{ path: "/" }] };

/** A closed scenario of some users. */
function users(users: unknown, more: object = {}) {
  return {
    executor: "virtual-users",
    duration: "1m",
    users,
    ...REQUESTS,
    ...more,
  };
}

for (
  const [what, scenarios, most] of [
    ["a constant number", { a: users(7) }, 7],
    ["a ramp", { a: users({ ramp: { from: 0, to: 90, over: "50s" } }) }, 90],
    ["a ramp that the duration cuts", {
      a: users({ ramp: { from: 0, to: 120, over: "2m" } }),
    }, 60],
    ["scenarios at the same time", { a: users(7), b: users(8) }, 15],
    ["scenarios after one another", {
      a: users(7),
      b: users(8, { start: "1m" }),
    }, 8],
    ["scenarios that overlap", {
      a: users(7),
      b: users(8, { start: "59s" }),
      c: users(14, { start: "2m" }),
    }, 15],
    ["users without an end", {
      a: users(7, { duration: undefined, iterations: 3 }),
      b: users(8, { start: "2h" }),
    }, 15],
    ["shared iterations, at most one user each", {
      a: {
        executor: "shared-iterations",
        users: 50,
        iterations: 20,
        ...REQUESTS,
      },
    }, 20],
    ["an open model", {
      a: {
        executor: "arrival-rate",
        rate: "1000/s",
        duration: "1m",
        ...REQUESTS,
      },
    }, 0],
  ] as const
) {
  Deno.test(`usersOf() returns the most users at the same time: ${what}`, async () => {
    equal(usersOf(await parse({ scenarios })), most);
  });
}

Deno.test("Connections of a run leave 100 descriptors to everything else, and there is always one", () => {
  equal(connectionsWithin({ most: 1140, taken: 40 }, 1), 1000);
  equal(connectionsWithin({ most: 1141, taken: 40 }, 2), 500);
  equal(connectionsWithin({ most: 100, taken: 40 }, 1), 1);
  equal(connectionsWithin({ most: Infinity, taken: 40 }, 2), Infinity);
});

Deno.test("A script has an issue exactly if its users need more descriptors than are left", async () => {
  const script = await parse({
    scenarios: { few: users(1), many: users(499), some: users(20) },
  });
  const need = { users: 520, each: 2 };
  equal(descriptorIssue(script, need, { most: 1180, taken: 40 }), undefined);
  const issue = descriptorIssue(script, need, { most: 1179, taken: 40 });
  equal(issue?.path, "/scenarios/many/users");
  equal(issue?.allowed, "at most 519 users");
  const none = descriptorIssue(script, need, { most: 50, taken: 40 });
  equal(none?.allowed, "at most 0 users");
});
