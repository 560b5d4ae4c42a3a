/**
 * Place of an exchange in a trace: the client's trace if it sends a `traceparent`, otherwise a new one.
 *
 * @module
 */
import { AsciiWriter } from "../lib/ascii_writer.ts";
import { detached } from "../lib/bounded_text.ts";
import {
  parseTraceparent,
  spanId,
  TraceIds,
  traceparent,
} from "../lib/trace.ts";
import type { Counter, Metrics } from "../plugin.ts";
import type { LiveExchange } from "./exchange.ts";

/** Makes the source of trace ids of a server. */
export function tracingFor(metrics: Metrics): Tracing {
  const malformed = metrics.counter({
    name: "perfmock_traceparents_malformed_total",
    help: "Headers traceparent that were ignored, because they are malformed",
  });
  return new Tracing(new TraceIds(), malformed.series());
}

/** Gives exchanges their trace ids and span ids. */
export class Tracing {
  /** Upper half of the trace ids that begin here. */
  readonly prefix: string;
  /** Writes the header lines of one answer after the other. */
  readonly fields = new AsciiWriter();
  readonly #ids: TraceIds;
  readonly #malformed: Pick<Counter, "add">;

  /**
   * @param ids source of new ids
   * @param malformed counts headers `traceparent` that cannot be read
   */
  constructor(ids: TraceIds, malformed: Pick<Counter, "add">) {
    this.#ids = ids;
    this.prefix = ids.prefix;
    this.#malformed = malformed;
  }

  /** Gives an exchange its ids, unless it has them already. */
  identify(x: LiveExchange): void {
    if (x.trace !== "") return;
    const sent = x.incoming?.header("traceparent") ?? null;
    if (sent !== null) {
      const parent = parseTraceparent(sent);
      if (parent !== undefined) {
        x.trace = detached(parent.trace);
        x.parent = detached(parent.span);
        x.sampled = parent.sampled;
        this.#span(x);
        return;
      }
      this.#malformed.add();
    }
    this.#span(x);
    x.trace = this.prefix + x.span;
  }

  #span(x: LiveExchange): void {
    x.spanHigh = this.#ids.word();
    x.spanLow = this.#ids.word();
    x.span = spanId(x.spanHigh, x.spanLow);
  }

  /** Identifies an exchange, and formats its traceparent: the place in the trace of whatever the exchange causes. */
  traceparent(x: LiveExchange): string {
    this.identify(x);
    return traceparent(x.trace, x.span, x.sampled);
  }

  /** Writes what {@linkcode Tracing.traceparent} returns. */
  writeTraceparent(out: AsciiWriter, x: LiveExchange): void {
    this.identify(x);
    out.text("00-");
    if (x.parent === "") out.text(this.prefix).hex(x.spanHigh).hex(x.spanLow);
    else out.text(x.trace);
    out.text("-").hex(x.spanHigh).hex(x.spanLow);
    out.text(x.sampled ? "-01" : "-00");
  }
}
