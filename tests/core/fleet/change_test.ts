import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { carryOut, type Member } from "../../../core/fleet/change.ts";
import type { FleetAnswer } from "../../../core/fleet/peers.ts";

function answer(status: number, body = ""): FleetAnswer {
  return { status, headers: {}, body };
}

/** A member that notes what it is told. */
function member(
  name: string,
  log: string[],
  { prepared, made = answer(200, name) }: {
    /** Answer to the preparation; undefined if it waits. */
    readonly prepared?: FleetAnswer | Error;
    readonly made?: FleetAnswer | Error;
  } = {},
): Member {
  return {
    name,
    prepare() {
      return prepared instanceof Error
        ? Promise.reject(prepared)
        : Promise.resolve(prepared);
    },
    settle(commit) {
      log.push(`${name} ${commit ? "commits" : "abandons"}`);
      return made instanceof Error
        ? Promise.reject(made)
        : Promise.resolve(made);
    },
  };
}

Deno.test("carryOut() makes a change on all replicas once all have prepared it, and returns the answer of the one that was called", async () => {
  const log: string[] = [];
  const outcome = await carryOut(
    ["a", "b", "c"].map((name) => member(name, log)),
    "b",
  );
  deepEqual(outcome, { made: true, answer: answer(200, "b"), failed: [] });
  deepEqual(log, ["a commits", "b commits", "c commits"]);
});

Deno.test("carryOut() makes a change nowhere if one replica refuses it, and returns the refusal", async () => {
  const log: string[] = [];
  const refused = answer(400, "no");
  const outcome = await carryOut([
    member("a", log),
    member("b", log, { prepared: refused }),
    member("c", log),
  ], "a");
  deepEqual(outcome, { made: false, answer: refused, failed: [] });
  deepEqual(log, ["a abandons", "c abandons"]);
});

Deno.test("carryOut() prefers the refusal of the replica that was called", async () => {
  const { answer: found } = await carryOut([
    member("a", [], { prepared: answer(400, "a") }),
    member("b", [], { prepared: answer(409, "b") }),
  ], "b");
  equal(found.body, "b");
});

Deno.test("carryOut() makes a change nowhere if a replica cannot be asked, and names it with the reason", async () => {
  const log: string[] = [];
  await rejects(
    carryOut([
      member("a", log),
      member("b", log, { prepared: new Error("it did not answer within 2 s") }),
    ], "a"),
    (error: Error & { code?: string }) => {
      equal(error.code, "REPLICA_UNREACHABLE");
      match(error.message, /\bb \(.*it did not answer within 2 s.*\)/);
      return true;
    },
  );
  deepEqual(log, ["a abandons"]);
});

Deno.test("carryOut() returns answers of replicas that had nothing to prepare", async () => {
  const log: string[] = [];
  const done = answer(200, "done");
  const outcome = await carryOut([
    member("a", log, { prepared: done }),
    member("b", log, { prepared: done }),
  ], "b");
  deepEqual(outcome, { made: true, answer: done, failed: [] });
  deepEqual(log, []);
});

Deno.test("carryOut() names replicas that fail after all had agreed", async () => {
  const outcome = await carryOut([
    member("a", []),
    member("b", [], { made: new Error("gone") }),
    member("c", [], { made: answer(500) }),
  ], "b");
  equal(outcome.made, true);
  equal(outcome.answer.body, "a");
  deepEqual(outcome.failed, ["b", "c"]);
});

Deno.test("carryOut() says that nobody knows the outcome where all fail after they had agreed", async () => {
  await rejects(
    carryOut([member("a", [], { made: new Error("gone") })], "a"),
    { code: "REPLICA_UNREACHABLE" },
  );
});
