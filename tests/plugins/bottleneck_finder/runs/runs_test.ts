import { deepEqual, equal } from "node:assert/strict";
import type {
  FindAnswer,
  FindOptions,
  FindResult,
} from "../../../../core/find.ts";
import { PerfmockError } from "../../../../mod.ts";
import {
  type RunFinder,
  Runs,
} from "../../../../plugins/bottleneck_finder/runs/runs.ts";
import type { Script } from "../../../../plugins/bottleneck_finder/script/script.ts";

const PROGRESS = { elapsed: 1, loads: 2, expected: 3, remaining: 4 };

/** A finder whose experiments end when the test says so. */
function finder() {
  const { promise, resolve, reject } = Promise.withResolvers<
    FindResult<FindAnswer>
  >();
  let options: FindOptions = {};
  const found: RunFinder = {
    findParsed(_, given) {
      options = given;
      return promise;
    },
    sweepParsed: () => Promise.reject(new Error("No sweep")),
  };
  return {
    finder: found,
    resolve: () => resolve({ ok: false } as FindResult<FindAnswer>),
    reject,
    options: () => options,
  };
}

const SCRIPT = {} as Script;

Deno.test("a run reports its plan, its progress and its end", async () => {
  const runs = new Runs();
  const fake = finder();
  const run = runs.start("find", SCRIPT, fake.finder);
  const events: string[] = [];
  run.listen({
    progress: ({ loads }) => void events.push(`${loads}`),
    ended: () => void events.push("ended"),
  });
  const unlisten = run.listen({
    progress: () => void events.push("not heard"),
    ended: () => void events.push("not heard"),
  });
  unlisten();
  fake.options().planned?.("ten loads");
  fake.options().progress?.(PROGRESS, "");
  deepEqual(run.report, {
    id: "find-1",
    kind: "find",
    state: "running",
    error: null,
    issues: [],
    plan: "ten loads",
    progress: PROGRESS,
    ok: null,
  });
  run.stop();
  equal(run.report.state, "stopping");
  equal(fake.options().signal?.aborted, true);
  fake.resolve();
  await run.over;
  deepEqual(events, ["2", "ended"]);
  deepEqual([run.report.state, run.report.ok], ["finished", false]);
  run.stop();
  equal(run.report.state, "finished");
  run.listen({
    progress: () => {},
    ended: () => void events.push("at once"),
  })();
  equal(events.at(-1), "at once");
});

Deno.test("a run that fails keeps the reason and its issues", async () => {
  const runs = new Runs();
  const fake = finder();
  const run = runs.start("find", SCRIPT, fake.finder);
  const issues = [{ path: "/loads", message: "Too few" }];
  fake.reject(new PerfmockError("SCRIPT_INVALID", "Cannot", issues));
  await run.over;
  deepEqual(
    [run.report.state, run.report.error, run.report.issues],
    ["failed", "Cannot", issues],
  );
  const other = runs.start("sweep", SCRIPT, fake.finder);
  await other.over;
  equal(other.report.error, "No sweep");
});

Deno.test("the latest ended runs are remembered", async () => {
  const runs = new Runs();
  for (let i = 0; i < 30; i++) {
    const run = runs.start("sweep", SCRIPT, finder().finder);
    await run.over;
  }
  equal(runs.all.length, 21);
  equal(runs.find("sweep-1"), undefined);
  equal(runs.find("sweep-30")?.report.state, "failed");
});
