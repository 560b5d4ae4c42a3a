/**
 * The metrics of stress.
 *
 * @module
 */
import type { Metrics } from "../../core/plugin.ts";
import { type Resource, RESOURCES } from "./settings.ts";

/** Where the gauges look. */
export interface StressLevels {
  /** The target of a resource as a share of its cap. */
  target(resource: Resource): number;
  /** What was reached of late, as a share of the cap. */
  actual(resource: Resource): number;
  /** The bytes held. */
  heldBytes(): number;
}

/** Resources as metrics write them. */
const LABELS: Readonly<Record<Resource, string>> = {
  cpu: "cpu",
  memory: "memory",
  eventLoop: "event_loop",
  allocation: "allocation",
};

/** Lets the gauges show the levels from now on. */
export function followGauges(metrics: Metrics, levels: StressLevels): void {
  const gauge = (name: string, help: string) =>
    metrics.gauge({
      name: `perfmock_stress_${name}`,
      help,
      labels: ["resource"],
    });
  const target = gauge(
    "target_ratio",
    "What stress scenarios aim at, as a share of what they may take together",
  );
  const actual = gauge(
    "actual_ratio",
    "What stress scenarios took over the last 5 s, as a share of what they may take together",
  );
  for (const resource of RESOURCES) {
    target.series(LABELS[resource]).follow(() => levels.target(resource));
    actual.series(LABELS[resource]).follow(() => levels.actual(resource));
  }
  gauge("held_bytes", "Memory that stress scenarios hold, every page touched")
    .series(LABELS.memory).follow(() => levels.heldBytes());
}
