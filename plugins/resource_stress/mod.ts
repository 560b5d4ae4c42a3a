/**
 * Real stress: scenarios that use up CPU, memory, the event loop's time, or the garbage collector's, within hard caps.
 *
 * A scenario ends after its duration, or when its owner no longer renews its lease. Targets can be signals over time; achieved
 * figures are reported beside them. docs/stress.md is the reference.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({ routes: [{ path: "/orders" }] });
 * const started = await fetch(new URL("_perfmock/resource_stress/scenarios", server.url), {
 *   method: "POST",
 *   body: JSON.stringify({ memory: { size: "16MiB" }, duration: "5s" }),
 * });
 * console.assert(started.status === 201);
 * await started.body?.cancel();
 * ```
 *
 * A scenario has one or more of
 *
 * - `cpu: { load, workers }`: threads that each take a share of a core, 0…1, by closed-loop control
 * - `memory: { size, growth, then }`: bytes at once, or by growth in bytes per second; then they are held, released, or the growth
 *   begins again from nothing
 * - `eventLoop: { block, every }` or `{ block, perRequest: true }`: blocks, as by a synchronous handler
 * - `allocation: { rate }`: garbage on the event loop's own heap; the pauses of its collector are measured
 *
 * and `duration`, by default 60 s, or `lease`.
 *
 * Options: `maxMemory` and `maxCpu` are the shares of memory (of the machine, or the control group's limit) and of cores that all
 * scenarios may take together, by default 0.5 and 1. `spareCore`, by default true, leaves one core to the event loop: otherwise CPU
 * stress delays responses, and each scenario reports by how much.
 *
 * Other plugins start scenarios through the key `resource_stress.scenarios`, and read the present pressure through
 * `resource_stress.pressure`, as the models of the plugin `degrade` do.
 *
 * @module
 */
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { optionsSchema } from "./caps.ts";
import { controlEndpoints, createService, SCENARIOS } from "./control.ts";
import { PRESSURE, Stress } from "./stress.ts";

export type { StressOptions } from "./caps.ts";
export {
  SCENARIOS,
  type StartedScenario,
  type StressScenarios,
} from "./control.ts";
export type { Lateness } from "./lateness.ts";
export type { ScenarioReport } from "./scenario.ts";
export { PRESSURE, type PressureSource } from "./stress.ts";

/** The stress plugin. */
const plugin: Plugin = definePlugin({
  name: "resource_stress",
  version: "1.0.0",
  summary:
    "Real use of processor time, memory, event loop and garbage collector",
  // It takes cores and memory of the whole process, which no session can have to itself.
  scope: "process",
  options: optionsSchema,
  setup(host, options) {
    const stress = host.keep("stress", () => new Stress(host, options));
    host.provide(SCENARIOS, createService(host.kit, stress));
    host.provide(PRESSURE, stress);
    return {
      route: () => ({ degrade: () => stress.block() }),
      control: controlEndpoints(host.kit, stress),
      adopt: () => stress.adopt(host, options),
      snapshot: () => ({
        scenarios: Array.from(stress.running, (scenario) => scenario.report()),
      }),
      health: () => ({
        reasons: [],
        active: {
          stress: Array.from(stress.running, (scenario) => scenario.describe()),
        },
      }),
    };
  },
});
export default plugin;
