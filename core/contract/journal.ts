/**
 * Types of the contract for exchanges that have ended.
 *
 * @module
 */
import type { Outcome } from "./exchange.ts";

/** An exchange in the journal; times are in milliseconds. */
export interface JournalEntry {
  /** Zero-based index of the exchange in the order of ends since the start or the last reset. */
  readonly number: number;
  /** Id of the route. */
  readonly route: string;
  /** Pattern of the route's path. */
  readonly pattern: string;
  /** Name of the session; null for the server itself. */
  readonly session: string | null;
  /** Zero-based index of the arrival on its route: `draw --route ID --sequence N` repeats the drawn time. */
  readonly sequence: number;
  /** Value of the header that determines the draws, for `draw --key VALUE`; null where the sequence number does. */
  readonly key: string | null;
  /** Method of the request. */
  readonly method: string;
  /** Path and query as requested; null if there was no HTTP request, as in a simulation. */
  readonly path: string | null;
  /** Time of arrival, since the server was made. */
  readonly arrivalMs: number;
  /** Time of arrival by the clock on the wall, in ISO 8601 with microseconds. */
  readonly time: string;
  /** Outcome. */
  readonly outcome: Outcome;
  /** Status that was sent; 0 if none was, as where the client left before the headers. */
  readonly status: number;
  /** Time in queues. */
  readonly queueMs: number;
  /** Drawn service time. */
  readonly drawnMs: number;
  /** Time added by degradation. */
  readonly degradationMs: number;
  /** Achieved service time, lateness included; null if the request was not served. */
  readonly achievedMs: number | null;
  /** Time from arrival to response headers, or to the end if there were none. */
  readonly totalMs: number;
  /** Time from the intended to the actual departure of the answer; null if there was none. */
  readonly latenessMs: number | null;
  /** Trace id, as in the header Server-Timing if headers were sent. */
  readonly traceId: string;
  /** Span id of the exchange. */
  readonly spanId: string;
  /** Span id in the client's header `traceparent`; null if it sent none that could be read. */
  readonly parentSpanId: string | null;
  /** False if that header says that the client does not record the trace. */
  readonly sampled: boolean;
  /** Counts of a WebSocket; null for all else. */
  readonly webSocket: JournalSocket | null;
}

/** Counts of a WebSocket in the journal. */
export interface JournalSocket {
  /** Messages to the client. */
  readonly messagesSent: number;
  /** Messages from the client. */
  readonly messagesReceived: number;
  /** Bytes of the messages to the client. */
  readonly bytesSent: number;
  /** Bytes of the messages from the client. */
  readonly bytesReceived: number;
  /** Code with which it was closed; 1005 for a close without a code, 1006 for an end without a close. */
  readonly code: number;
}

/** Place in the journals from which reading goes on. */
export interface JournalPlace {
  /** Marks the type; undefined at run time. */
  readonly "~place"?: never;
}

/** Exchanges of one reading. */
export interface JournalReading {
  /** Exchanges that ended since the place, those of a world in the order of their ends. */
  readonly entries: readonly JournalEntry[];
  /**
   * Number of exchanges since the place that are no longer kept: overwritten by later ones, removed by a reset, or those of a
   * session that ended.
   */
  readonly missed: number;
  /** Place after these exchanges. */
  readonly place: JournalPlace;
}

/**
 * Exchanges that have ended, as the journals keep them: those of the server and of all sessions for a plugin of scope `server`, those
 * of its session for any other. `journal.capacity` is the number that each journal keeps. Once the journals are read, those of
 * sessions that end are kept until the next reading, up to 32 MiB of them.
 */
export interface Journal {
  /** `journal.capacity` of the plugin's revision; 0 if no journal is kept. */
  readonly capacity: number;
  /** Finds an exchange by its span id; undefined if it is not kept, or no longer. */
  bySpan(span: string): JournalEntry | undefined;
  /**
   * Finds exchanges of the other replicas by their span ids, where the server is one of a fleet. Absent for a server that stands alone.
   *
   * @returns those that are kept, by span id
   */
  elsewhere?(
    spans: readonly string[],
  ): Promise<ReadonlyMap<string, JournalEntry>>;
  /**
   * Reads what ended since a place. Where the limit cuts, each of the journals has an equal share, and the shares that are not
   * needed go to the others.
   *
   * @param place where the last reading ended; undefined for the present, so that nothing is read
   * @param limit maximum number of entries; later readings have the others
   */
  read(place: JournalPlace | undefined, limit: number): JournalReading;
}
