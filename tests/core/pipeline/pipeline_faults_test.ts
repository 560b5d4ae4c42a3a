import { deepEqual, equal } from "node:assert/strict";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import type { Injected } from "../../../core/pipeline/exchange.ts";
import { abandon, begin } from "../../../core/pipeline/pipeline.ts";
import type { PlannedHooks } from "../../../core/pipeline/exchange.ts";
import type { Lease } from "../../../core/plugin.ts";
import { exchange, type TestPlan, testPlan } from "../../support/plan.ts";

/** A plan on which one fault meets every request, and what was told of it. */
function faulty(
  fault: Partial<Injected>,
  hooks: Partial<PlannedHooks> = {},
): TestPlan & { readonly diary: string[] } {
  const diary: string[] = [];
  const injected: Injected = {
    action: "answer",
    status: undefined,
    answer: undefined,
    counter: { add: () => diary.push("counted") },
    ...fault,
  };
  return {
    ...testPlan({
      observe: [(x) => diary.push(`${x.outcome} ${x.status}`)],
      ...hooks,
    }),
    answer: (x) => void (diary.push(`answer ${x.end}`)),
    faults: { decide: () => injected },
    diary,
  };
}

function lease(diary: string[]): Lease {
  return { release: (_, at) => diary.push(`released ${at}`) };
}

Deno.test("a fault with a status is answered after the service time, instead of the route's answer", () => {
  const plan: ReturnType<typeof faulty> = faulty({
    status: 503,
    answer: (x: LiveExchange) => void plan.diary.push(`fault ${x.end}`),
  }, {
    serve: () => 20,
    degrade: [() => 5],
    admit: [() => lease(plan.diary)],
  });
  const x = exchange(plan);
  begin(x);
  deepEqual(plan.diary, []);
  plan.clock.advanceTo(1025);
  deepEqual(plan.diary, [
    "counted",
    "fault 1025",
    "released 1025",
    "answered 503",
  ]);
});

Deno.test("a fault is decided only once, when service starts", () => {
  let decided = 0;
  const plan = {
    ...testPlan({ admit: [() => ({ reason: "full", status: 503 })] }),
    faults: { decide: () => void decided++ },
  };
  begin(exchange(plan));
  equal(decided, 0, "what is rejected meets no fault");
  begin(exchange({ ...plan, hooks: { ...plan.hooks, admit: [] } }));
  equal(decided, 1);
});

for (const why of ["gone", "cut"] as const) {
  Deno.test(`hang holds its pools after its time, until its client is ${why}`, () => {
    const plan: ReturnType<typeof faulty> = faulty({ action: "hang" }, {
      serve: () => 20,
      admit: [() => lease(plan.diary)],
    });
    const x = exchange(plan);
    begin(x);
    plan.clock.advanceTo(5000);
    deepEqual(plan.diary, ["counted"]);
    equal(plan.flow.size, 1);
    abandon(x, why);
    equal(plan.flow.size, 0);
    deepEqual(plan.diary, ["counted", "released 5000", `${why} 0`]);
  });
}

Deno.test("a client that leaves during its service time receives no fault", () => {
  const plan = faulty({ action: "hang" }, { serve: () => 20 });
  const x = exchange(plan);
  begin(x);
  abandon(x, "gone");
  plan.clock.advanceTo(2000);
  deepEqual(plan.diary, ["gone 0"]);
});

Deno.test("without HTTP, a fault changes the recorded outcome and sends no answer", () => {
  const plan = { ...faulty({ status: 500 }), answer: undefined };
  begin(exchange(plan));
  deepEqual(plan.diary, ["counted", "answered 500"]);
});

Deno.test("an error in the decision fails the exchange", () => {
  const plan = {
    ...faulty({}),
    faults: {
      decide: () => {
        throw new Error("boom");
      },
    },
  };
  begin(exchange(plan));
  deepEqual(plan.diary, ["answer 1000", "failed 500"]);
});
