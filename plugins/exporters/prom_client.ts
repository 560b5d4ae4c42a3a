/**
 * A registry for metrics that plugin authors make with prom-client: what is registered here is part of `/metrics`.
 *
 * ```ts
 * import { Counter, type Registry } from "prom-client";
 * import { createPerfmock } from "@perfmock/perfmock";
 * import type { Key, Plugin } from "@perfmock/perfmock/plugin";
 *
 * const REGISTRY: Key<Registry> = { name: "exporters.promClient" };
 *
 * const shop: Plugin = {
 *   name: "shop",
 *   version: "1.0.0",
 *   requires: ["exporters"],
 *   setup(host) {
 *     // Kept, so that it counts on when the configuration changes: each revision has a registry of its own.
 *     const orders = host.keep(
 *       "orders",
 *       () => new Counter({ name: "shop_orders_total", help: "Orders", registers: [] }),
 *     );
 *     // Found by the server alone: what happens in sessions stays out of /metrics.
 *     host.find(REGISTRY)?.registerMetric(orders);
 *     return { route: () => ({ observe: () => orders.inc() }) };
 *   },
 * };
 *
 * await using server = await createPerfmock({ routes: [{ path: "/orders" }] }, { plugins: [shop] });
 * await (await fetch(new URL("/orders", server.url))).text();
 * const scrape = await (await fetch(new URL("/metrics", server.url))).text();
 * console.assert(scrape.includes("shop_orders_total 1\n"));
 * ```
 *
 * perfmock itself records with `host.metrics`, which costs a fiftieth of it and bounds its series: prefer that for what is
 * recorded with every request. A scrape asks a metric for all of its series at once, so thousands of them hold the event loop.
 *
 * @module
 */
import type {
  Metric,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  OpenMetricsContentType,
  Registry,
} from "prom-client";
import type { Key } from "../../core/plugin.ts";
import { openMetrics } from "./open_metrics.ts";
import { type Family, familySlices } from "./prom_client_text.ts";
import type { Names } from "./prometheus_names.ts";

/** A registry in the types of prom-client. */
export type PromClientRegistry = Registry<OpenMetricsContentType>;

/** Names the registry of plugin authors' metrics. */
export const PROM_CLIENT: Key<PromClientRegistry> = {
  name: "exporters.promClient",
};

/** A metric of prom-client as it is at run time. */
export interface PromMetric {
  /** Its name. */
  readonly name: string;
  /** What it is, in one sentence. */
  readonly help: string;
  /** Its kind, in Prometheus' words. */
  readonly type: string;
  /** The names of its labels. */
  readonly labelNames?: readonly string[];
  /** Its series now; calls the author's `collect`. */
  get(): Promise<Family>;
  /** Starts its series afresh. */
  reset(): void;
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A registry as prom-client's own, but for three things: it does not load prom-client, which takes 50 ms and which whoever
 * makes metrics has loaded anyway; it refuses names that are taken or reserved as soon as a metric is registered; and it never
 * renames a metric as it writes it.
 */
export class OwnRegistry implements PromClientRegistry {
  /** One that takes exemplars. A scrape is answered in whatever format it asks for. */
  readonly contentType: OpenMetricsContentType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
  readonly #others: () => Names;
  readonly #metrics = new Map<string, PromMetric>();
  #defaults: Readonly<Record<string, string>> = {};

  /** @param others the names that are taken outside of this registry, as of now; its own to keep */
  constructor(others: () => Names) {
    this.#others = others;
  }

  /** The metrics, in the order in which they were registered. */
  get registered(): Iterable<PromMetric> {
    return this.#metrics.values();
  }

  /** The labels that every series has. */
  get defaultLabels(): Readonly<Record<string, string>> {
    return this.#defaults;
  }

  /**
   * Registers a metric; one that is there already stays as it is.
   *
   * @throws Error where its name is taken by another, or the name of a label is reserved
   */
  registerMetric<T extends string>(metric: Metric<T>): void {
    const added = asStored(metric);
    const { name, labelNames = [], type } = added;
    if (this.#metrics.get(name) === added) return;
    const names = this.#others();
    for (const known of this.#metrics.values()) {
      names.claim(known.name, known.type);
    }
    const owner = names.claim(name, type);
    if (owner !== undefined) {
      throw new Error(
        `Cannot register metric "${name}": ${
          owner === name
            ? `the name is taken by ${this.#inWords(owner)}`
            : `its samples would be taken for those of "${owner}"`
        }`,
      );
    }
    checkLabels(`register metric "${name}"`, labelNames);
    this.#metrics.set(name, added);
  }

  /** Tells who has a name, as far as it is known here. */
  #inWords(name: string): string {
    const known = this.#metrics.get(name);
    return known === undefined
      ? "a metric of the server itself"
      : `another plugin's metric, "${known.help}"`;
  }

  /** Gives every series further labels; a metric's own go before them. */
  setDefaultLabels(labels: object): void {
    checkLabels("set default labels", Object.keys(labels));
    this.#defaults = Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [name, String(value)]),
    );
  }

  /** Removes all metrics and default labels. */
  clear(): void {
    this.#metrics.clear();
    this.#defaults = {};
  }

  /** Starts all series afresh. */
  resetMetrics(): void {
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Removes a metric, if it is there. */
  removeSingleMetric(name: string): void {
    this.#metrics.delete(name);
  }

  /** A metric by its name; undefined where there is none. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.#metrics.get(name) as unknown as Metric<T> | undefined;
  }

  /** The metrics as they were registered. */
  getMetricsAsArray(): MetricObject[] {
    return [...this.#metrics.values()] as unknown as MetricObject[];
  }

  /** The metrics with their series as they are now. */
  async getMetricsAsJSON(): Promise<
    MetricObjectWithValues<MetricValue<string>>[]
  > {
    const families = await Promise.all(
      [...this.#metrics.values()].map((metric) => metric.get()),
    );
    return families.map((family) => ({
      ...family,
      values: family.values.map((sample) => ({
        ...sample,
        labels: { ...this.#defaults, ...sample.labels },
      })),
    })) as unknown as MetricObjectWithValues<MetricValue<string>>[];
  }

  /** All metrics in OpenMetrics. */
  async metrics(): Promise<string> {
    let text = "";
    for (const { name } of this.#metrics.values()) {
      text += await this.getSingleMetricAsString(name);
    }
    return `${text}${FORMAT.end}`;
  }

  /**
   * One metric in OpenMetrics.
   *
   * @throws Error where there is none of this name
   */
  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.#metrics.get(name);
    if (metric === undefined) {
      throw new Error(`Cannot write metric "${name}": there is none`);
    }
    const family = await metric.get();
    return [...familySlices(family, FORMAT, this.#defaults)].join("");
  }

  /** Nothing to set: each scrape says which format it wants. */
  setContentType(_contentType: OpenMetricsContentType): void {}
}

// prom-client stamps its exemplars with wall-clock time itself.
const FORMAT = openMetrics(0);

/** A metric with what prom-client's types do not tell of it. */
function asStored(metric: object): PromMetric {
  return metric as PromMetric;
}

function checkLabels(task: string, labels: readonly string[]): void {
  const wrong = labels.find((label) => !LABEL_NAME.test(label));
  if (wrong === undefined) return;
  throw new Error(
    `Cannot ${task}: "${wrong}" is not a label that Prometheus leaves to others; allowed are letters, digits and _, not beginning with a digit or __`,
  );
}
