/** A plan for tests of the pipeline: without HTTP, on a virtual clock, with the given hooks. */
import {
  type Flow,
  Generation,
  LiveExchange,
  type Plan,
  type PlannedHooks,
} from "../../core/pipeline/exchange.ts";
import { FetchIncoming } from "../../core/pipeline/incoming.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { Recorder } from "../../core/observe/recorder.ts";
import { createFlow } from "../../core/pipeline/pipeline.ts";
import { SequenceNumbers } from "../../core/pipeline/sequence.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";

/** A plan with access to its parts. */
export interface TestPlan extends Plan {
  readonly clock: VirtualClock;
  readonly flow: Flow;
  readonly reported: unknown[];
  /** Stage and index of each reported hook. */
  readonly reportedHooks: (readonly [string | undefined, number | undefined])[];
  readonly metrics: MetricRegistry;
  readonly figures: Recorder;
}

/** Makes the plan of a route `r` that answers 200. */
export function testPlan(hooks: Partial<PlannedHooks> = {}): TestPlan {
  const metrics = new MetricRegistry();
  const figures = new Recorder(metrics, 1000);
  const reported: unknown[] = [];
  const reportedHooks: TestPlan["reportedHooks"] = [];
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
    sequence: new SequenceNumbers(),
    turns: undefined,
    status: 200,
    resets: false,
    opens: false,
    generation: new Generation(),
    dials: { scale: 1, delay: 0, speedup: 0 },
    replayedBy: undefined,
    journal: undefined,
    identify: undefined,
    override: undefined,
    recorder: figures.route("r", "/r", "GET"),
    clock: new VirtualClock(1000),
    flow: createFlow(),
    prepare: undefined,
    simulate: undefined,
    build: () => new Response(),
    answer: undefined,
    report(error, _plan, stage, index) {
      reported.push(error);
      reportedHooks.push([stage, index]);
    },
    reported,
    reportedHooks,
    metrics,
    figures,
  };
}

/** Makes an exchange on a plan. */
export function exchange(plan: Plan): LiveExchange {
  return new LiveExchange(plan, "GET", undefined);
}

/** Makes an exchange of a request, which receives its answer. */
export function requested(
  plan: Plan,
  request: Request = new Request("http://localhost/r"),
): { readonly x: LiveExchange; readonly incoming: FetchIncoming } {
  const incoming = new FetchIncoming(request);
  return { x: new LiveExchange(plan, request.method, incoming), incoming };
}
