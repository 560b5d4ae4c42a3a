/**
 * Journal: the most recent exchanges that ended, in a bounded ring.
 *
 * @module
 */
import { detached, excerpt, textBytes } from "../lib/bounded.ts";
import type { ExchangeLog, LiveExchange } from "../pipeline/exchange.ts";
import type { Outcome } from "../plugin.ts";
import { round } from "./figures.ts";

/** An exchange in the journal; times are in milliseconds. */
export interface JournalEntry {
  /** Zero-based index of the exchange in the order of ends since the start or the last reset. */
  readonly number: number;
  /** Id of the route. */
  readonly route: string;
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
  /** Outcome. */
  readonly outcome: Outcome;
  /** Status that was sent; 0 if none was. */
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
  /** Trace id as sent in the header Server-Timing; empty if no headers were sent. */
  readonly traceId: string;
}

/** Conditions that entries must all meet. */
export interface JournalFilter {
  /** Maximum number of entries; the latest ones are returned. */
  readonly limit: number;
  /** Route id. */
  readonly route?: string | undefined;
  /** Outcome. */
  readonly outcome?: Outcome | undefined;
  /** Status that was sent. */
  readonly status?: number | undefined;
  /** Trace id. */
  readonly trace?: string | undefined;
  /** Minimum of `totalMs`, in milliseconds. */
  readonly slower?: number | undefined;
}

/** Number of columns: the numbers of an exchange, in the order in which `record` writes them. */
const COLUMNS = 8;

/** Maximum length of a path or a key in an entry, in characters; of a longer one the beginning is kept. */
const LONGEST_TEXT = 1024;

/** Maximum length of a method in an entry, in characters. */
const LONGEST_METHOD = 32;

/** Maximum length of a URL that is kept as it is: path and origin. */
const LONGEST_URL = LONGEST_TEXT + 64;

/** Bytes of an entry beside its texts: its numbers, its object, and headers of texts. */
const ENTRY_BYTES = COLUMNS * 8 + 256;

/** Maximum number of bytes of an entry. */
export const MOST_ENTRY_BYTES: number = ENTRY_BYTES +
  2 * (LONGEST_URL + LONGEST_TEXT + LONGEST_METHOD);

/** Initial size of the ring, which grows as needed: a server with few requests needs little memory. */
const FIRST_SIZE = 64;

/**
 * Journal of a server or a session. Recording copies numbers into an array and allocates nothing, unless a text is too long or
 * is part of a request's head.
 */
export class ExchangeJournal implements ExchangeLog {
  readonly #session: string | null;
  readonly #origin: number;
  #capacity: number;
  #size: number;
  #numbers: Float64Array;
  #exchanges: (EntryTexts | undefined)[];
  #count = 0;
  /** Lower bound of the oldest entry's number, after a reset or a change of the ring's size. */
  #from = 0;

  /**
   * Makes an empty journal.
   *
   * @param capacity maximum number of entries, at least 1
   * @param origin time from which arrivals are counted, in the clock's milliseconds
   * @param session name of the session; null for the server itself
   */
  constructor(capacity: number, origin: number, session: string | null) {
    this.#capacity = capacity;
    this.#origin = origin;
    this.#session = session;
    this.#size = Math.min(capacity, FIRST_SIZE);
    this.#numbers = new Float64Array(this.#size * COLUMNS);
    this.#exchanges = new Array(this.#size);
  }

  /** Maximum number of entries. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Number of exchanges recorded since the start or the last reset. */
  get count(): number {
    return this.#count;
  }

  /** Number of bytes that the entries take at most, in a ring of their present number. */
  get bytes(): number {
    let bytes = this.#size * ENTRY_BYTES;
    for (const texts of this.#exchanges) {
      if (texts === undefined) continue;
      bytes += textBytes(texts.method) + textBytes(texts.url ?? "") +
        textBytes(texts.key ?? "");
    }
    return bytes;
  }

  /** Adds an exchange that has ended. */
  record(x: LiveExchange): void {
    if (
      this.#size < this.#capacity && this.#count - this.#from >= this.#size
    ) this.#moveTo(Math.min(this.#capacity, this.#size * 4));
    const slot = this.#count++ % this.#size;
    const texts = this.#exchanges[slot] ??= new EntryTexts();
    texts.route = x.plan.route.id;
    texts.method = x.method.length <= LONGEST_METHOD
      ? x.method
      : excerpt(x.method, LONGEST_METHOD);
    const url = x.incoming?.url;
    texts.url = url === undefined || url.length <= LONGEST_URL
      ? url
      : excerpt(pathOf(url), LONGEST_TEXT);
    const { replayedBy } = x.plan;
    texts.key = replayedBy === undefined ? null : keyOf(x.header(replayedBy));
    texts.outcome = x.outcome;
    texts.trace = x.trace;
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

  /** Latest entries that meet all conditions, oldest first. */
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

  /** Removes all entries. */
  reset(): void {
    this.#count = this.#from = 0;
    this.#exchanges.fill(undefined);
  }

  /** Changes the maximum number of entries; the latest ones stay. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    this.#from = Math.max(this.#oldest, this.#count - capacity);
    this.#capacity = capacity;
    const entries = this.#count - this.#from;
    this.#moveTo(Math.max(Math.min(capacity, FIRST_SIZE), entries));
  }

  /** Number of the oldest entry. */
  get #oldest(): number {
    return Math.max(this.#from, this.#count - this.#size);
  }

  /** Moves all entries to arrays of another size, which must be large enough for them. */
  #moveTo(size: number): void {
    const numbers = new Float64Array(size * COLUMNS);
    const exchanges = new Array<EntryTexts | undefined>(size);
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
    const texts = this.#exchanges[slot] ?? new EntryTexts();
    const answered = texts.outcome === "answered";
    const served = answered || texts.outcome === "reset";
    return {
      number,
      route: texts.route,
      session: this.#session,
      sequence,
      key: texts.key,
      method: texts.method,
      path: texts.url === undefined ? null : pathOf(texts.url),
      arrivalMs: round(arrival - this.#origin),
      outcome: texts.outcome,
      status,
      queueMs: round(Math.max(0, Math.min(start, end) - arrival)),
      drawnMs: round(service),
      degradationMs: round(degradation),
      achievedMs: served ? round(Math.max(0, end - start - degradation)) : null,
      totalMs: round(end - arrival),
      latenessMs: answered ? round(end - due) : null,
      traceId: texts.trace,
    };
  }
}

/** Members of an entry that are not numbers. */
class EntryTexts {
  route = "";
  method = "";
  key: string | null = null;
  url: string | undefined = undefined;
  outcome: Outcome = "pending";
  trace = "";
}

/** Returns a key as an entry keeps it: not as a part of the request's head. */
function keyOf(value: string | null): string | null {
  return value === null ? null : detached(excerpt(value, LONGEST_TEXT));
}

/** Returns the path of a URL; an entry may hold the path alone. */
function pathOf(url: string): string {
  if (url.startsWith("/")) return url;
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
