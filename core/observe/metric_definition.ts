/**
 * Definition of a metric, and the checks that it must pass.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import type { Metric, MetricDefinition } from "../plugin.ts";

/** A metric to be made. */
export interface MetricPlan {
  /** The author's definition. */
  readonly definition: MetricDefinition;
  /** Prometheus' type. */
  readonly type: Metric["type"];
  /** Upper boundaries of a histogram's buckets, in milliseconds. */
  readonly boundaries?: readonly number[];
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Error for a metric that cannot be made. */
export function metricError(
  name: string,
  issues: readonly Issue[],
): PerfmockError {
  const reasons = issues.map((issue) => issue.message).join("; ");
  return new PerfmockError(
    "PLUGIN_INVALID",
    `Cannot make metric "${name}": ${reasons}`,
    issues,
  );
}

/**
 * Checks a metric by the rules of Prometheus' data model.
 *
 * @throws PerfmockError `PLUGIN_INVALID` with all issues
 */
export function checkMetric(plan: MetricPlan): void {
  const issues = [...nameIssues(plan), ...labelIssues(plan)];
  if (plan.boundaries !== undefined) {
    issues.push(...boundaryIssues(plan.boundaries));
  }
  if (issues.length > 0) throw metricError(plan.definition.name, issues);
}

/**
 * Checks boundaries for metrics that have none of their own.
 *
 * @throws PerfmockError `PLUGIN_INVALID` with all issues
 */
export function checkBoundaries(boundaries: readonly number[]): void {
  const issues = boundaryIssues(boundaries);
  if (issues.length === 0) return;
  throw new PerfmockError(
    "PLUGIN_INVALID",
    `Cannot use these buckets: ${
      issues.map(({ message }) => message).join("; ")
    }`,
    issues,
  );
}

/**
 * Checks that a metric to be made is the same as an existing one; the help text may differ.
 *
 * @param owner of the existing metric, in words
 * @throws PerfmockError `PLUGIN_INVALID` with all differences
 */
export function checkSameMetric(
  plan: MetricPlan,
  known: Metric,
  owner: string,
): void {
  const issues: Issue[] = [];
  const differ = (key: string, value: unknown, allowed: unknown) => {
    if (JSON.stringify(value) === JSON.stringify(allowed)) return;
    issues.push({
      path: `/${key}`,
      message:
        `the name is taken by a metric of ${owner} with ${key} "${allowed}"`,
      value,
      allowed: String(allowed),
    });
  };
  differ("type", plan.type, known.type);
  differ("labels", plan.definition.labels ?? [], known.definition.labels);
  if (plan.boundaries !== undefined && known.boundaries !== undefined) {
    differ("boundaries", plan.boundaries, known.boundaries);
  }
  if (issues.length > 0) throw metricError(plan.definition.name, issues);
}

/** Names under which a metric appears in the exposition. */
export function exposedNames(
  { definition, type }: MetricPlan,
): readonly string[] {
  const { name } = definition;
  // In OpenMetrics a counter's family has the name without "_total".
  if (type === "counter") return [name, name.replace(/_total$/, "")];
  if (type !== "histogram") return [name];
  return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
}

function nameIssues({ definition: { name }, type }: MetricPlan): Issue[] {
  if (!METRIC_NAME.test(name)) {
    return [{
      path: "/name",
      message: "the name is not valid in Prometheus",
      value: name,
      allowed: "letters, digits, _ and :, not beginning with a digit",
    }];
  }
  if (type === "counter" && !name.endsWith("_total")) {
    return [{
      path: "/name",
      message: 'the name of a counter must end in "_total"',
      value: name,
      suggestion: `${name}_total`,
    }];
  }
  return [];
}

function labelIssues({ definition, type }: MetricPlan): Issue[] {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const [index, label] of (definition.labels ?? []).entries()) {
    const report = (message: string) =>
      issues.push({
        path: `/labels/${index}`,
        message,
        value: label,
        allowed: "letters, digits and _, not beginning with a digit or __",
      });
    if (!LABEL_NAME.test(label)) {
      report(`the label "${label}" is not valid in Prometheus`);
    } else if (label.startsWith("__")) {
      report(`the label "${label}" is reserved by Prometheus`);
    } else if (label === "le" && type === "histogram") {
      report('the label "le" is reserved for the buckets of histograms');
    } else if (seen.has(label)) {
      report(`the label "${label}" is there twice`);
    }
    seen.add(label);
  }
  return issues;
}

function boundaryIssues(boundaries: readonly number[]): Issue[] {
  const issues: Issue[] = [];
  const report = (path: string, message: string, value: unknown) =>
    issues.push({
      path,
      message,
      value,
      allowed: "finite milliseconds above 0, ascending, 1 to 1000 of them",
    });
  if (boundaries.length === 0 || boundaries.length > 1000) {
    report(
      "/boundaries",
      "the number of boundaries must be between 1 and 1000",
      boundaries.length,
    );
  }
  for (const [index, boundary] of boundaries.entries()) {
    const path = `/boundaries/${index}`;
    if (!(boundary > 0 && boundary < Infinity)) {
      report(path, "a boundary must be finite and above 0", boundary);
    } else if (index > 0 && !(boundary > boundaries[index - 1])) {
      report(path, "the boundaries must be ascending", boundary);
    }
  }
  return issues;
}
