/**
 * Load like in production from a script of a dozen lines: ramps, spikes, cycles, users with think times, replayed traces, and changes of
 * the backend at the same time. The same script runs over HTTP from a thread of its own, or in virtual time within seconds.
 *
 * ```yaml
 * name: checkout-spike
 * seed: 7
 * scenarios:
 *   browse:
 *     executor: arrival-rate             # a Poisson process; evenly spaced with `arrivals: uniform`
 *     rate: { ramp: { from: 10/s, to: 400/s, over: 30s } }
 *     duration: 2m
 *     variables: { id: { integer: { min: 1, max: 1000 } } }
 *     requests: [ { path: "/api/orders/{{id}}", weight: 3 }, { method: POST, path: /api/orders, json: {} } ]
 *   slow-db: { executor: modulate, set: { route: orders, dial: scale }, to: { steps: [ { at: 0s, value: 1 }, { at: 60s, value: 4 } ] } }
 * thresholds: { browse.responseTime: [ "p(95)<200ms" ], failed: [ "rate<0.01" ], dropped: [ "count==0" ] }
 * ```
 *
 * Executors and their settings:
 *
 * - `arrival-rate`, the open model: `rate`, `arrivals` (default `poisson`), `duration`, `maxInFlight` (default 1000). With
 *   `arrivals: uniform`, the k-th request is due when the rate's integral passes k − ½: 100/s for 3 s are 300 requests, at 5 ms, 15 ms
 *   and so on; any rate gives as many as its integral, rounded
 * - `virtual-users`, the closed model: `users`, `think`, `iterations`, `duration`
 * - `shared-iterations`: `users` (default 1), `iterations` (of all users together), `think`, `duration`
 * - `replay`: `trace` (a list of times, an access log or a HAR; `strict` to refuse what cannot be sent again; of a HAR the `hosts`,
 *   default those of its pages, and `headers`, default none), `scale` (factor of all gaps, default 1), `maxInFlight`
 * - `modulate`: `set` (a dial), `to` (its values over time), `duration`
 * - `stress`: `scenario`
 *
 * All executors have `start` (default 0 s). Those that send have `requests`, `pick`, `variables` and `gracefulStop` (default 30 s).
 * One turn of a user is one pass over its requests in order, or one request chosen by weight.
 *
 * A request has `method`, `path`, `query`, `headers`, `json` or `text`, `weight`, `name`, `group`, `check: { status, body }`, `timeout`
 * (default 30 s) and `keepAlive`. Its texts may contain placeholders: `{{user}}`, `{{iteration}}`, `{{number}}` (of the turn) and the
 * scenario's variables, each an `integer`, a `choice` or a `csv` column. Every random choice is a function of seed, scenario and
 * turn, so that another scenario does not change it.
 *
 * A threshold refers to `figure`, `scenario.figure` or `scenario.part.figure`; a part is a group or a named request. Figures are
 * responseTime, serviceTime (from the send), firstByte and startLag with p(…), avg, min, med, max and count; scheduled, started,
 * dropped, completed, failed, cut and checks with count and rate; and served and refused (a status of 400 or more) with all of them.
 * `{ expression, abortOnFail: true, after: 10s }` ends the run as soon as the threshold fails. Times are those of requests that
 * were served or timed out.
 *
 * Options: `targets`, the origins other than loopback that requests may go to; `simulations`, the limits of simulations:
 * `{ time: 60s, memory: 512MiB, atOnce: 4 }` by default.
 *
 * @module
 */
import { LOAD_ENGINE, LOAD_HOST, TextReader } from "../../core/load.ts";
import {
  definePlugin,
  type Kit,
  type KitType,
  type Plugin,
} from "../../core/plugin.ts";
import {
  runEndpoints,
  simulateEndpoint,
  workerEndpoints,
} from "./endpoints.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { Uploads } from "./http/mod.ts";
import { Runs } from "./runs/runs.ts";
import type { StressScenarios } from "./script/script.ts";
import {
  type SimulationLimits,
  SimulationsUnderWay,
} from "./simulation/under_way.ts";

export type { SimulationLimits };

/** The options of `load_engine`. */
export interface LoadEngineOptions {
  /** Origins other than this machine that load may be sent to, such as `https://staging.example.com`. Default none. */
  readonly targets: readonly string[];
  /** Limits of simulations. */
  readonly simulations: SimulationLimits;
}

function optionsSchema(kit: Kit): KitType<LoadEngineOptions> {
  const { z, worded } = kit;
  const origin = z.string().refine(
    (text) => {
      const url = URL.parse(text);
      return url !== null && ["http:", "https:"].includes(url.protocol) &&
        url.pathname === "/" && url.search === "" && url.hash === "" &&
        url.username === "" && url.password === "";
    },
    {
      error: "A target is the origin of a server",
      params: { allowed: "scheme, host and port: https://staging.example.com" },
    },
  ).superRefine(kit.beyond("targets", (text) => URL.parse(text)?.hostname))
    .transform((text) => new URL(text).origin);
  return z.strictObject(worded({
    targets: z.array(origin).default([]),
    simulations: z.strictObject(worded({
      time: kit.duration({ above: 0 }).default(60_000),
      memory: kit.size({ min: 1 << 20 }).default(512 << 20),
      atOnce: kit.integer({ min: 1, max: 64 }).default(4),
    }, {
      time: "Maximum time that a simulation may compute",
      memory: "Maximum memory of a simulation",
      atOnce: "Maximum number of simulations at the same time",
    })).prefault({}),
  }, {
    targets:
      "Origins other than this machine that load may be sent to, such as https://staging.example.com",
    simulations: "Limits of simulations",
  }));
}

/** The plugin `load_engine`. */
const plugin: Plugin = definePlugin({
  name: "load_engine",
  version: "1.0.0",
  summary: "Load scripts, over HTTP and in virtual time",
  scope: "server",
  options: optionsSchema,
  setup(host, { targets, simulations }) {
    const stress = host.find<StressScenarios>({
      name: "resource_stress.scenarios",
    });
    const options: EngineOptions = {
      host,
      loadHost: host.use(LOAD_HOST),
      targets,
      stress,
      simulations,
      underWay: host.keep("simulations", () => new SimulationsUnderWay()),
    };
    const runs = host.keep("runs", () => new Runs(options));
    const texts = host.keep("texts", () => new TextReader());
    const uploads = host.keep("uploads", () => new Uploads());
    const engine = new Engine(runs, options, texts);
    host.provide(LOAD_ENGINE, engine);
    return {
      control: [
        ...runEndpoints(runs, { kit: host.kit, texts }),
        ...workerEndpoints(uploads, runs, host),
        simulateEndpoint(engine, texts),
      ],
      adopt: () => runs.adopt(options),
      health: () => ({
        reasons: [],
        active: { runs: runs.active.map(({ id }) => id) },
      }),
      snapshot: () => ({ runs: runs.all.map(({ report }) => report) }),
    };
  },
});
export default plugin;
