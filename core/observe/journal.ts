/**
 * A bounded ring of ended exchanges.
 *
 * @module
 */
import type { ExchangeLog, LiveExchange } from "../pipeline/exchange.ts";
import type { Outcome } from "../plugin.ts";

/** What is kept of an exchange; times in milliseconds. */
export interface JournalEntry {
  /** How many exchanges ended before it since the start or the last reset. */
  readonly number: number;
  /** The route's id. */
  readonly route: string;
  /** The session it belongs to; null for the server's own. */
  readonly session: string | null;
  /** The route's how-manieth arrival: `draw --route ID --sequence N` answers the drawn time again. */
  readonly sequence: number;
  /** The value of the header that draws go by, for `draw --key VALUE`; null where they go by the sequence number. */
  readonly key: string | null;
  /** The request's method. */
  readonly method: string;
  /** Path and query as requested; null where there was no request, as in simulation. */
  readonly path: string | null;
  /** When it arrived, since the server was made. */
  readonly arrivalMs: number;
  /** How it ended. */
  readonly outcome: Outcome;
  /** The status that was sent; 0 where none was. */
  readonly status: number;
  /** Time in queues. */
  readonly queueMs: number;
  /** The drawn service time. */
  readonly drawnMs: number;
  /** What degradation added. */
  readonly degradationMs: number;
  /** Service time as achieved, its lateness included; null for what was not served. */
  readonly achievedMs: number | null;
  /** From arrival to headers, or to its end without them. */
  readonly totalMs: number;
  /** How much later than its target the answer left; null for what was not answered. */
  readonly latenessMs: number | null;
  /** The trace id that Server-Timing told; empty where no headers left. */
  readonly traceId: string;
}

/** Which entries are asked for. */
export interface JournalFilter {
  /** At most so many, the latest. */
  readonly limit: number;
  /** Of this route. */
  readonly route?: string | undefined;
  /** That ended so. */
  readonly outcome?: Outcome | undefined;
  /** That sent this status. */
  readonly status?: number | undefined;
  /** With this trace id. */
  readonly trace?: string | undefined;
  /** That took at least so long in all, in milliseconds. */
  readonly slower?: number | undefined;
}

/** The numbers that are kept of an exchange, in this order. */
const COLUMNS = 8;

/** How many exchanges the ring grows by: a server that is never asked keeps little. */
const FIRST = 64;

/** The last exchanges of a server or a session. Recording copies numbers into an array and allocates nothing. */
export class ExchangeJournal implements ExchangeLog {
  readonly #session: string | null;
  readonly #origin: number;
  #capacity: number;
  #size: number;
  #numbers: Float64Array;
  #exchanges: (Kept | undefined)[];
  #count = 0;
  /** The number of the oldest that is kept, as far as the ring has not gone over it. */
  #from = 0;

  /**
   * Makes an empty one.
   *
   * @param capacity how many are kept, 1 at least
   * @param origin the clock's time that arrivals are told from
   * @param session whose it is; null for the server's own
   */
  constructor(capacity: number, origin: number, session: string | null) {
    this.#capacity = capacity;
    this.#origin = origin;
    this.#session = session;
    this.#size = Math.min(capacity, FIRST);
    this.#numbers = new Float64Array(this.#size * COLUMNS);
    this.#exchanges = new Array(this.#size);
  }

  /** How many are kept at most. */
  get capacity(): number {
    return this.#capacity;
  }

  /** How many exchanges have been recorded since the start or the last reset. */
  get count(): number {
    return this.#count;
  }

  /** Copies what is kept. */
  record(x: LiveExchange): void {
    if (
      this.#size < this.#capacity && this.#count - this.#from >= this.#size
    ) this.#moveTo(Math.min(this.#capacity, this.#size * 4));
    const slot = this.#count++ % this.#size;
    const kept = this.#exchanges[slot] ??= new Kept();
    const { request } = x;
    kept.route = x.plan.route.id;
    kept.method = x.method;
    kept.url = request === undefined ? undefined : request.url;
    const { replayedBy } = x.plan;
    kept.key = replayedBy === undefined ? null : x.header(replayedBy);
    kept.outcome = x.outcome;
    kept.trace = x.trace;
    const numbers = this.#numbers;
    let i = slot * COLUMNS;
    numbers[i++] = x.sequence;
    numbers[i++] = x.arrival;
    numbers[i++] = x.start;
    numbers[i++] = x.service;
    numbers[i++] = x.degradation;
    numbers[i++] = x.due;
    numbers[i++] = x.end;
    numbers[i] = x.status;
  }

  /** The latest entries that match, oldest first. */
  entries(filter: JournalFilter): JournalEntry[] {
    const found: JournalEntry[] = [];
    const oldest = this.#oldest;
    for (let n = this.#count - 1; n >= oldest; n--) {
      if (found.length >= filter.limit) break;
      const entry = this.#entry(n);
      if (matches(entry, filter)) found.push(entry);
    }
    return found.reverse();
  }

  /** Forgets everything. */
  reset(): void {
    this.#count = this.#from = 0;
    this.#exchanges.fill(undefined);
  }

  /** Keeps another number of exchanges from now on, the latest of those there are. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    this.#from = Math.max(this.#oldest, this.#count - capacity);
    this.#capacity = capacity;
    const kept = this.#count - this.#from;
    this.#moveTo(Math.max(Math.min(capacity, FIRST), kept));
  }

  /** The number of the oldest entry. */
  get #oldest(): number {
    return Math.max(this.#from, this.#count - this.#size);
  }

  /** Moves to arrays of another size, large enough for what is kept. */
  #moveTo(size: number): void {
    const numbers = new Float64Array(size * COLUMNS);
    const exchanges = new Array<Kept | undefined>(size);
    const from = this.#oldest;
    for (let n = from; n < this.#count; n++) {
      const [old, slot] = [n % this.#size, n % size];
      exchanges[slot] = this.#exchanges[old];
      numbers.set(
        this.#numbers.subarray(old * COLUMNS, (old + 1) * COLUMNS),
        slot * COLUMNS,
      );
    }
    this.#from = from;
    this.#size = size;
    this.#numbers = numbers;
    this.#exchanges = exchanges;
  }

  #entry(number: number): JournalEntry {
    const slot = number % this.#size;
    const at = slot * COLUMNS;
    const [sequence, arrival, start, service, degradation, due, end, status] =
      this.#numbers.subarray(at, at + COLUMNS);
    const kept = this.#exchanges[slot] ?? new Kept();
    const answered = kept.outcome === "answered";
    const served = answered || kept.outcome === "reset";
    return {
      number,
      route: kept.route,
      session: this.#session,
      sequence,
      key: kept.key,
      method: kept.method,
      path: kept.url === undefined ? null : pathOf(kept.url),
      arrivalMs: rounded(arrival - this.#origin),
      outcome: kept.outcome,
      status,
      queueMs: rounded(Math.max(0, Math.min(start, end) - arrival)),
      drawnMs: rounded(service),
      degradationMs: rounded(degradation),
      achievedMs: served
        ? rounded(Math.max(0, end - start - degradation))
        : null,
      totalMs: rounded(end - arrival),
      latenessMs: answered ? rounded(end - due) : null,
      traceId: kept.trace,
    };
  }
}

/** What of an exchange is no number. */
class Kept {
  route = "";
  method = "";
  key: string | null = null;
  url: string | undefined = undefined;
  outcome: Outcome = "pending";
  trace = "";
}

/** To a tenth of a microsecond: what a clock says beyond that is noise. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1e4) / 1e4;
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start < 0 ? "/" : url.slice(start);
}

function matches(entry: JournalEntry, filter: JournalFilter): boolean {
  return (filter.route === undefined || entry.route === filter.route) &&
    (filter.outcome === undefined || entry.outcome === filter.outcome) &&
    (filter.status === undefined || entry.status === filter.status) &&
    (filter.trace === undefined || entry.traceId === filter.trace) &&
    (filter.slower === undefined || entry.totalMs >= filter.slower);
}
