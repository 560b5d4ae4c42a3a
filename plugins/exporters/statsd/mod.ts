/**
 * The StatsD exporter: what grew since the last flush, in StatsD's or DogStatsD's lines, over UDP.
 *
 * What is sent at each flush, names as in Prometheus, in base units (seconds, bytes):
 *
 * | metric | lines |
 * |---|---|
 * | gauge | `name:value\|g`, at each flush; where it is no finite number, nothing |
 * | counter | `name:growth\|c`, where it grew |
 * | histogram | `name.count:growth\|c`, `name.sum:growth\|c` and `name.p50`, `.p90`, `.p95`, `.p99` as gauges, where it grew |
 *
 * The quantiles are those of the interval, interpolated within a bucket as Prometheus does. No `|ms` is sent: a daemon
 * computes from timings what it was sent one by one, and would take a pre-aggregated one for a single request.
 *
 * With `dogstatsd` labels are tags, `name:1|c|#route:orders`. With `plain` they are part of the name, each label and its
 * value in turn: `name.route.orders:1|c`; in a value everything but letters, digits and `-` is written as `_` and the two
 * hexadecimal digits of each byte, `_` itself twice, nothing at all as `_`, so that two series never share a name.
 *
 * ## What can be lost
 * UDP tells a sender little. What was not sent, because the name does not resolve or the system refuses, is part of the
 * next flush. What was sent is never sent again. On Linux, where the receiver is on the loopback interface, the kernel's
 * table of sockets says whether somebody listens: if not, nothing is sent, and what happened meanwhile is part of the first
 * flush that finds the receiver again. Datagrams under way while it disappeared are counted as `dropped`; datagrams that it
 * had no room for, from whichever sender, as `overflowed`. What is lost on a network, or by the receiver itself, is not known
 * and not counted.
 *
 * @module
 */
export {
  createStatsdExporter,
  type StatsdExporter,
  type StatsdFigures,
} from "./exporter.ts";
export {
  type StatsdAddress,
  type StatsdOptions,
  statsdSchema,
} from "./options.ts";
export { openUdp } from "./udp.ts";
