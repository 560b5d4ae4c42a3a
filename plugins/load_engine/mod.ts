/**
 * Traffic as production has it, from a script of a dozen lines: ramp-ups, spikes, cycles, users who think, replayed traces, and what
 * the backend does meanwhile. The same script runs over HTTP, from a thread of its own, or in virtual time in a blink.
 *
 * ```yaml
 * name: checkout-spike
 * seed: 7
 * scenarios:
 *   browse:
 *     executor: arrival-rate             # poisson unless `arrivals: uniform`
 *     rate: { ramp: { from: 10/s, to: 400/s, over: 30s } }
 *     duration: 2m
 *     variables: { id: { integer: { min: 1, max: 1000 } } }
 *     requests: [ { path: "/api/orders/{{id}}", weight: 3 }, { method: POST, path: /api/orders, json: {} } ]
 *   slow-db: { executor: modulate, set: { route: orders, dial: scale }, to: { steps: [ { at: 0s, value: 1 }, { at: 60s, value: 4 } ] } }
 * thresholds: { browse.responseTime: [ "p(95)<200ms" ], failed: [ "rate<0.01" ], dropped: [ "count==0" ] }
 * ```
 *
 * Executors, each with its own file: `arrival-rate` (open: rate, arrivals, duration, maxInFlight), `virtual-users` (closed: users, think,
 * iterations, duration), `shared-iterations` (users, iterations, think, duration), `replay` (trace: times, an access log or a HAR; scale
 * multiplies the gaps), `modulate` (set, to, duration) and `stress` (scenario). All have `start`; those that send have `requests`,
 * `pick`, `variables` and `gracefulStop`, 30 s where absent. One turn of a user is one pass over its requests in order, or one of
 * them by weight.
 *
 * A request has method, path, query, headers, json or text, weight, name, group, `check: { status, body }`, `timeout` (30 s where absent)
 * and `keepAlive`. Its texts may have places: `{{user}}`, `{{iteration}}`, `{{number}}` (of the turn) and the scenario's variables, each an
 * `integer`, a `choice` or a `csv` column. Every choice is a function of seed, scenario and turn: another scenario shifts none.
 *
 * Thresholds look at `figure`, `scenario.figure` or `scenario.part.figure`, where a part is a group or a named request: p(…), avg, min,
 * med, max and count of responseTime, serviceTime, firstByte and startLag; count and rate of scheduled, started, dropped,
 * completed, failed and checks. As `{ expression, abortOnFail: true, after: 10s }` one ends the run as soon as it is crossed.
 *
 * Option: `targets`, the origins beyond loopback that requests may go to.
 *
 * @module
 */
import type { Host, Instance, Plugin } from "../../core/plugin.ts";
import { LOAD_ENGINE, LOAD_HOST } from "../../core/load.ts";
import { Engine } from "./engine.ts";
import { type LoadEngineOptions, optionsSchema } from "./options.ts";
import { runEndpoints, Runs, type RunsParts } from "./runs/mod.ts";
import type { StressScenarios } from "./script/mod.ts";
import { simulateEndpoint } from "./simulate_endpoint.ts";

export type { LoadEngineOptions } from "./options.ts";

/** The plugin `load_engine`. */
const plugin: Plugin<LoadEngineOptions> = {
  name: "load_engine",
  version: "1.0.0",
  scope: "server",
  options: optionsSchema,
  setup(host: Host, { targets }: LoadEngineOptions): Instance {
    const stress = host.find<StressScenarios>({
      name: "resource_stress.scenarios",
    });
    const parts: RunsParts = {
      host,
      thread: host.use(LOAD_HOST).thread,
      targets,
      stress,
    };
    const runs = host.keep("runs", () => new Runs(parts));
    const engine = new Engine({ host, runs, targets, stress });
    host.provide(LOAD_ENGINE, engine);
    return {
      control: [...runEndpoints(runs), simulateEndpoint(engine)],
      adopt: () => runs.adopt(parts),
      health: () => ({
        reasons: [],
        active: { runs: runs.active.map(({ id }) => id) },
      }),
      snapshot: () => ({ runs: runs.all.map(({ report }) => report) }),
      [Symbol.asyncDispose]: () => engine.end(),
    };
  },
};
export default plugin;
