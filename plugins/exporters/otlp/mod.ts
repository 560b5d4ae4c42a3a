/**
 * The OpenTelemetry exporter: all metrics as OTLP/HTTP in JSON, cumulative.
 *
 * Names, labels and units are those of Prometheus; counters are monotonic sums, histograms have explicit bounds in seconds
 * and the latest exemplars. They count from the moment when the exporter was turned on. The resource is
 * `service.name: perfmock`, its version, and an instance id of this run.
 *
 * What is cumulative cannot be lost or counted twice: while the receiver is down nothing is kept for it, and the first
 * request that succeeds tells all. Missing are only the values in between. A receiver that answers 429 or 503 is left alone
 * for as long as its Retry-After says, 10 min at most. Data points that it rejects are counted as `dropped`.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */
export {
  createOtlpExporter,
  type OtlpExporter,
  type OtlpFigures,
} from "./exporter.ts";
export { type OtlpOptions, otlpSchema } from "./options.ts";
