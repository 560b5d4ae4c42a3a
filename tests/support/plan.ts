/** A plan for tests of the pipeline: no HTTP, a virtual clock, hooks as given. */
import { LiveExchange } from "../../core/pipeline/exchange.ts";
import { type Flow, Generation } from "../../core/pipeline/exchange.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { Recorder } from "../../core/observe/recorder.ts";
import { createFlow } from "../../core/pipeline/pipeline.ts";
import type { Plan, PlannedHooks } from "../../core/pipeline/exchange.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";

export interface TestPlan extends Plan {
  readonly clock: VirtualClock;
  readonly flow: Flow;
  readonly reported: unknown[];
  readonly metrics: MetricRegistry;
  readonly figures: Recorder;
}

export function testPlan(hooks: Partial<PlannedHooks> = {}): TestPlan {
  const metrics = new MetricRegistry();
  const figures = new Recorder(metrics, 1000);
  const reported: unknown[] = [];
  return {
    route: {
      id: "r",
      methods: ["GET"],
      path: "/r",
      arrivals: 0,
      stream: () => ({ uniform: () => 0.5 }),
      placeOf: () => 0,
    },
    hooks: {
      admit: [],
      serve: undefined,
      degrade: [],
      respond: [],
      observe: [],
      plugins: { admit: [], serve: [], degrade: [], respond: [], observe: [] },
      ...hooks,
    },
    faults: undefined,
    sequence: { next: 0 },
    status: 200,
    resets: false,
    generation: new Generation(),
    dials: { delay: 0 },
    replayedBy: undefined,
    journal: undefined,
    override: undefined,
    recorder: figures.route("r", "/r", "GET"),
    clock: new VirtualClock(1000),
    flow: createFlow(),
    prepare: undefined,
    simulate: undefined,
    answer: undefined,
    report: (error) => reported.push(error),
    reported,
    metrics,
    figures,
  };
}

export function exchange(plan: Plan): LiveExchange {
  return new LiveExchange(plan, "GET", undefined);
}
