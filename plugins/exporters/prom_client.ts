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
 *     // host.keep() returns the same counter to the next revision of the configuration, which has a registry of its own.
 *     const orders = host.keep(
 *       "orders",
 *       () => new Counter({ name: "shop_orders_total", help: "Orders", registers: [] }),
 *     );
 *     // Only the server itself has the registry: requests in sessions are not part of /metrics.
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
 * perfmock itself records with `host.metrics`, which costs a fiftieth of prom-client and bounds the number of series: prefer it
 * for what is recorded with every request. A scrape collects and writes all series of a prom-client metric at once, so a metric
 * with thousands of series holds the event loop.
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
  RegistryContentType,
} from "prom-client";
import type { Clock, Key } from "../../core/plugin.ts";
import {
  canonical,
  familyOf,
  labelPair,
  OPEN_METRICS_CONTENT_TYPE,
  PROMETHEUS_TEXT,
  type SampleNames,
} from "./exposition.ts";
import { sampleMessage } from "./prometheus_protobuf.ts";

/** A registry in the types of prom-client. */
export type PromClientRegistry = Registry<OpenMetricsContentType>;

/** Key of the registry for plugin authors' metrics. */
export const PROM_CLIENT: Key<PromClientRegistry> = {
  name: "exporters.promClient",
};

/** Time limit for the authors' own `collect` functions in one scrape, all together, in milliseconds. */
const COLLECT_LIMIT = 1000;

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels as prom-client holds them. */
type Labels = Readonly<Record<string, string | number | undefined>>;

/** One sample of a metric. */
interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Name of the sample; absent if it is the metric's. */
  readonly metricName?: string;
}

/** A metric with its present samples, as its `get()` returns them. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Sample[];
}

/** A metric of prom-client at run time; prom-client's types do not declare all of these. */
interface AuthorMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
  /** Returns the present samples; calls the author's `collect` function. */
  get(): Promise<Family>;
  reset(): void;
}

/**
 * The registry that plugin authors get. It holds their metrics and refuses a name in use or reserved as soon as a metric is
 * registered. Everything that is written, text and JSON, is written by a registry of prom-client's, which is loaded only then:
 * loading takes 50 ms, and most servers have no such metric. prom-client's default registry is not used.
 */
export class AuthorRegistry implements PromClientRegistry {
  /** OpenMetrics, so that metrics with exemplars can be registered. A scrape gets the format that it asks for. */
  readonly contentType: OpenMetricsContentType = OPEN_METRICS_CONTENT_TYPE;
  readonly #ownNames: () => SampleNames;
  readonly #metrics = new Map<string, AuthorMetric>();
  #defaultLabels: Readonly<Record<string, string>> = {};

  /** @param ownNames returns the names that perfmock's own metrics use now, as a new object at each call */
  constructor(ownNames: () => SampleNames) {
    this.#ownNames = ownNames;
  }

  /**
   * Registers a metric. Registering the same metric again does nothing.
   *
   * @throws Error if another metric uses its name, or if the name of a label is reserved
   */
  registerMetric<T extends string>(metric: Metric<T>): void {
    const added = atRunTime(metric);
    const { name, labelNames = [], type } = added;
    if (this.#metrics.get(name) === added) return;
    const names = this.#ownNames();
    for (const known of this.#metrics.values()) {
      names.claim(known.name, known.type);
    }
    const owner = names.claim(name, type);
    if (owner !== undefined) {
      throw new Error(
        `Cannot register metric "${name}": ${
          owner === name
            ? `the name is taken by ${this.#describeOwner(owner)}`
            : `its samples would be taken for those of "${owner}"`
        }`,
      );
    }
    checkLabels(`register metric "${name}"`, labelNames);
    this.#metrics.set(name, added);
  }

  #describeOwner(name: string): string {
    const known = this.#metrics.get(name);
    return known === undefined
      ? "a metric of the server itself"
      : `another plugin's metric, "${known.help}"`;
  }

  /**
   * Sets labels that every series has. A label of the same name that a series has of its own takes precedence.
   *
   * @throws Error if the name of a label is reserved
   */
  setDefaultLabels(labels: object): void {
    checkLabels("set default labels", Object.keys(labels));
    this.#defaultLabels = Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [name, String(value)]),
    );
  }

  /** Removes all metrics and default labels. */
  clear(): void {
    this.#metrics.clear();
    this.#defaultLabels = {};
  }

  /** Resets all series. */
  resetMetrics(): void {
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Removes a metric, if it is registered. */
  removeSingleMetric(name: string): void {
    this.#metrics.delete(name);
  }

  /** The metric of this name; undefined if there is none. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.#metrics.get(name) as unknown as Metric<T> | undefined;
  }

  /** All metrics, in the order in which they were registered. */
  getMetricsAsArray(): MetricObject[] {
    return [...this.#metrics.values()] as unknown as MetricObject[];
  }

  /** All metrics with their present samples. */
  async getMetricsAsJSON(): Promise<
    MetricObjectWithValues<MetricValue<string>>[]
  > {
    const families = await this.#families();
    // prom-client adds default labels to the samples it is given, which are the metric's own.
    const copies = families.map((family) => ({
      ...family,
      values: family.values.map((sample) => ({ ...sample })),
    }));
    const registry = await registryOf(copies, this.contentType);
    registry.setDefaultLabels(this.#defaultLabels);
    return registry.getMetricsAsJSON();
  }

  /** All metrics as OpenMetrics text. */
  async metrics(): Promise<string> {
    const families = (await this.#families()).map((family) =>
      prepare(family, this.contentType, this.#defaultLabels)
    );
    return (await registryOf(families, this.contentType)).metrics();
  }

  #families(): Promise<Family[]> {
    return Promise.all(
      [...this.#metrics.values()].map((metric) => metric.get()),
    );
  }

  /**
   * One metric as OpenMetrics text, without a newline at the end.
   *
   * @throws Error if there is no metric of this name
   */
  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.#metrics.get(name);
    if (metric === undefined) {
      throw new Error(`Cannot write metric "${name}": there is none`);
    }
    return this.#write(await metric.get(), this.contentType);
  }

  /** Does nothing: each scrape asks for a format of its own. */
  setContentType(_contentType: OpenMetricsContentType): void {}

  /**
   * Writes the metrics for one scrape, one after the other; other work goes first in between. A metric that fails or is late is
   * left out, and the others are written all the same.
   */
  async *scrape(
    { contentType, names, clock, omit }: ScrapeOptions,
  ): AsyncGenerator<string | Uint8Array> {
    const deadline = clock.now() + COLLECT_LIMIT;
    const pending: [AuthorMetric, Promise<Family | Error>][] = [];
    for (const metric of this.#metrics.values()) {
      pending.push([metric, collect(metric)]);
      await clock.yield();
    }
    for (const [{ name, type }, collected] of pending) {
      const family = await before(clock, deadline, collected);
      if (family instanceof Error) {
        omit(name, family.message);
        continue;
      }
      // Since the metric was registered, host.metrics may have got one of the same name.
      const owner = names.claim(name, type);
      if (owner !== undefined) {
        omit(name, `its samples would be taken for those of "${owner}"`);
        continue;
      }
      try {
        yield contentType === undefined
          ? sampleMessage(
            prepare(family, PROMETHEUS_TEXT.contentType, this.#defaultLabels),
          )
          : `${await this.#write(family, contentType)}\n`;
      } catch (error) {
        omit(name, messageOf(error));
      }
      await clock.yield();
    }
  }

  async #write(
    family: Family,
    contentType: RegistryContentType,
  ): Promise<string> {
    const prepared = prepare(family, contentType, this.#defaultLabels);
    const registry = await registryOf([prepared], contentType);
    return registry.getSingleMetricAsString(prepared.name);
  }
}

/**
 * Registers the metrics of several replicas as one, by prom-client's own rules: counters and histograms are added, gauges by their
 * `aggregator`, by default added too.
 *
 * @param parts metrics of each replica, as {@linkcode AuthorRegistry.getMetricsAsJSON} returns them
 */
export async function mergeAuthors(
  into: AuthorRegistry,
  parts: readonly (readonly unknown[])[],
): Promise<void> {
  if (parts.every((part) => part.length === 0)) return;
  const { AggregatorRegistry } = await import("prom-client");
  const merged = AggregatorRegistry.aggregate(parts as unknown as object[]);
  for (const family of await merged.getMetricsAsJSON()) {
    const { name, type } = family as unknown as Family;
    const labelNames = Object.keys(
      (family as unknown as Family).values[0]?.labels ?? {},
    );
    into.registerMetric({
      name,
      help: family.help,
      type,
      labelNames,
      get: () => Promise.resolve(family),
      reset() {},
    } as unknown as Metric);
  }
}

/** Options of {@linkcode AuthorRegistry.scrape}. */
export interface ScrapeOptions {
  /** Content type of the text; undefined for protocol buffers. */
  readonly contentType: RegistryContentType | undefined;
  /** Names in use by perfmock's own metrics. */
  readonly names: SampleNames;
  /** Clock for the time limit on `collect` functions. */
  readonly clock: Clock;
  /** Called with the name of each metric that is left out, and the reason. */
  readonly omit: (metric: string, reason: string) => void;
}

/** A registry of prom-client's that holds these samples. */
async function registryOf(
  families: readonly Family[],
  contentType: RegistryContentType,
): Promise<Registry<RegistryContentType>> {
  const { Registry } = await import("prom-client");
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(contentType);
  for (const family of families) {
    const { name, type } = family;
    const metric = { name, type, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry;
}

/**
 * Prepares a metric for prom-client, so that each sample keeps the name that the author gave it. In OpenMetrics, prom-client
 * itself would rename the author's counters: it takes `_total` off the metric and appends it to the samples of any counter.
 *
 * @throws Error if two samples are of the same series
 */
function prepare(
  family: Family,
  contentType: RegistryContentType,
  defaultLabels: Labels,
): Family {
  const [name, type] = contentType === OPEN_METRICS_CONTENT_TYPE
    ? familyOf(family.name, family.type)
    : [family.name, family.type];
  const seen = new Set<string>();
  const values = family.values.map((sample) => {
    const labels = Object.entries({ ...defaultLabels, ...sample.labels })
      .map(([label, value]) => [label, labelValue(label, value)] as const);
    const pairs = labels.map(([label, value]) => labelPair(label, value));
    const sampleName = sample.metricName ?? family.name;
    const series = pairs.length === 0 ? sampleName : `${sampleName}{${pairs}}`;
    if (seen.has(series)) {
      throw new Error(`the series ${series} is there twice`);
    }
    seen.add(series);
    return { ...sample, labels: Object.fromEntries(labels) };
  });
  return { name, type, help: family.help, values };
}

/**
 * Value of a label. Two values with the same UTF-8 bytes are equal: unpaired surrogates are replaced before values are
 * compared.
 */
function labelValue(name: string, value: Labels[string]): string {
  if (typeof value === "number" && (name === "le" || name === "quantile")) {
    return canonical(value);
  }
  return String(value).toWellFormed();
}

async function collect(metric: AuthorMetric): Promise<Family | Error> {
  try {
    return await metric.get();
  } catch (error) {
    return new Error(`its collect function failed: ${messageOf(error)}`);
  }
}

async function before(
  clock: Clock,
  deadline: number,
  collected: Promise<Family | Error>,
): Promise<Family | Error> {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const late = new Error(
    `its collect function took longer than ${COLLECT_LIMIT / 1000} s`,
  );
  const timer = clock.at(deadline, resolve, late);
  const first = await Promise.race([collected, promise]);
  clock.cancel(timer);
  return first;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function atRunTime(metric: object): AuthorMetric {
  return metric as AuthorMetric;
}

function checkLabels(task: string, labels: readonly string[]): void {
  const wrong = labels.find((label) => !LABEL_NAME.test(label));
  if (wrong === undefined) return;
  throw new Error(
    `Cannot ${task}: "${wrong}" is not a label that Prometheus leaves to others; allowed are letters, digits and _, not beginning with a digit or __`,
  );
}
