import { deepEqual, equal, rejects } from "node:assert/strict";
import { agreed, Preparations } from "../../../core/lib/agreement.ts";

/** A change that notes its steps. */
function change(log: string[]) {
  return async () => {
    log.push("validated");
    await agreed();
    log.push("made");
    return "result";
  };
}

Deno.test("agreed() does not wait where no replica has to agree", async () => {
  const log: string[] = [];
  equal(await change(log)(), "result");
  deepEqual(log, ["validated", "made"]);
});

Deno.test("Preparations: a change takes effect with the commit, and gives its result then", async () => {
  const log: string[] = [];
  const preparations = new Preparations();
  deepEqual(await preparations.prepare("1", change(log)), { ready: true });
  deepEqual(log, ["validated"]);
  equal(preparations.size, 1);
  equal(await preparations.settle("1", true), "result");
  deepEqual(log, ["validated", "made"]);
  equal(preparations.size, 0);
});

Deno.test("Preparations: an abandoned change takes no effect and fails with CHANGE_REFUSED", async () => {
  const log: string[] = [];
  const preparations = new Preparations();
  let failure: unknown;
  await preparations.prepare("1", () =>
    change(log)().catch((error) => {
      failure = error;
      throw error;
    }));
  equal(await preparations.settle("1", false), undefined);
  deepEqual(log, ["validated"]);
  equal((failure as { code?: string }).code, "CHANGE_REFUSED");
});

Deno.test("Preparations: an operation that fails before it asks fails at once, and is forgotten", async () => {
  const preparations = new Preparations();
  await rejects(
    preparations.prepare("1", () => Promise.reject(new Error("invalid"))),
    /invalid/,
  );
  equal(preparations.size, 0);
  equal(await preparations.settle("1", true), undefined);
});

Deno.test("Preparations: an operation that asks nobody gives its result at once", async () => {
  const preparations = new Preparations();
  deepEqual(
    await preparations.prepare("1", () => Promise.resolve(7)),
    { ready: false, result: 7 },
  );
  equal(preparations.size, 0);
});

Deno.test("Preparations: an operation may ask several times; one decision holds for all", async () => {
  const log: string[] = [];
  const preparations = new Preparations();
  await preparations.prepare("1", async () => {
    await agreed();
    log.push("first");
    await agreed();
    log.push("second");
  });
  await preparations.settle("1", true);
  deepEqual(log, ["first", "second"]);
});

Deno.test("Preparations: a change that nobody decides on is abandoned after the limit", async () => {
  const preparations = new Preparations(1);
  const ended = Promise.withResolvers<unknown>();
  await preparations.prepare("1", () =>
    agreed().catch((error) => {
      ended.resolve(error);
      throw error;
    }));
  equal((await ended.promise as { code?: string }).code, "CHANGE_REFUSED");
});

Deno.test("Preparations.abandon() ends all changes that wait", async () => {
  const preparations = new Preparations();
  const ended = Promise.withResolvers<void>();
  await preparations.prepare("1", () =>
    agreed().catch((error) => {
      ended.resolve();
      throw error;
    }));
  preparations.abandon();
  await ended.promise;
  equal(preparations.size, 0);
});
