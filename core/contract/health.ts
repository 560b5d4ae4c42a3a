/**
 * The part of the contract by which a plugin says how it is.
 *
 * @module
 */

/** How a plugin is. */
export interface HealthReport {
  /** Why the server is not well, one sentence each; empty where it is. */
  readonly reasons: readonly string[];
  /** What it has going on, by kind, such as `{ runs: ["browse-1"] }`: shown under `active`, and no reason to worry. */
  readonly active?: Readonly<Record<string, readonly string[]>>;
  /** The state of each exporter, such as `{ statsd: "ok" }`. */
  readonly exporters?: Readonly<Record<string, string>>;
}
