/** Failures of plugins and of perfmock in tests. */
import { Failures } from "../../core/observe/failures.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";

/** Makes a collection of failures, with its metrics and the lines that it logs. */
export function testFailures(): {
  readonly failures: Failures;
  readonly lines: string[];
  readonly metrics: MetricRegistry;
} {
  const lines: string[] = [];
  const metrics = new MetricRegistry();
  const log = (_: "error", line: string) => void lines.push(line);
  return { failures: new Failures({ log, metrics }), lines, metrics };
}
