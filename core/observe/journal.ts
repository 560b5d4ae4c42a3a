/**
 * Journal: the most recent exchanges that ended, in a bounded ring.
 *
 * @module
 */
import { detached, excerpt, textBytes } from "../lib/bounded_text.ts";
import { targetOf } from "../lib/http.ts";
import type {
  ExchangeLog,
  LiveExchange,
  SocketCounts,
} from "../pipeline/exchange.ts";
import type { JournalEntry, Outcome } from "../plugin.ts";
import { wallTime } from "../lib/time/mod.ts";
import { spanId, type TraceParent } from "../lib/trace.ts";
import { round } from "./figures.ts";

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
const COLUMNS = 10;

/** Column of the first half of the span id; the second one follows. */
const SPAN = 8;

/** Maximum length of a path or a key in an entry, in characters; of a longer one the beginning is kept. */
const LONGEST_TEXT = 1024;

/** Maximum length of a method in an entry, in characters. */
const LONGEST_METHOD = 32;

/** Maximum length of a URL that is kept as it is: path and origin. */
const LONGEST_URL = LONGEST_TEXT + 64;

/** Bytes of an entry beside its texts: its numbers, its object, headers of texts, its ids and its place in the index by span id. */
const ENTRY_BYTES = COLUMNS * 8 + 512;

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
  readonly #prefix: string;
  /** Numbers of entries by a hash of the span id, as far as they were looked for. */
  readonly #bySpan = new Map<number, number>();
  /** Number of the first entry that is not in that index. */
  #unindexed = 0;
  /** Number of exchanges recorded before the last reset. */
  #before = 0;
  #count = 0;
  /** Lower bound of the oldest entry's number, after a reset or a change of the ring's size. */
  #from = 0;

  /**
   * Makes an empty journal.
   *
   * @param capacity maximum number of entries, at least 1
   * @param origin time from which arrivals are counted, in the clock's milliseconds
   * @param session name of the session; null for the server itself
   * @param traces has the upper half of the trace ids that begin at this server
   */
  constructor(
    capacity: number,
    origin: number,
    session: string | null,
    traces: { readonly prefix: string },
  ) {
    this.#prefix = traces.prefix;
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
    const { route } = x.plan;
    texts.route = route.id;
    texts.pattern = route.path;
    texts.method = x.method.length <= LONGEST_METHOD
      ? x.method
      : excerpt(x.method, LONGEST_METHOD);
    const url = x.incoming?.url;
    texts.url = url === undefined || url.length <= LONGEST_URL
      ? url
      : excerpt(targetOf(url), LONGEST_TEXT);
    const { replayedBy } = x.plan;
    texts.key = replayedBy === undefined ? null : keyOf(x.header(replayedBy));
    texts.outcome = x.outcome;
    texts.parent = x.parent === ""
      ? undefined
      : { trace: x.trace, span: x.parent, sampled: x.sampled };
    texts.socket = x.socket;
    const numbers = this.#numbers;
    let i = slot * COLUMNS;
    numbers[i++] = x.sequence;
    numbers[i++] = x.arrival;
    numbers[i++] = x.start;
    numbers[i++] = x.service;
    numbers[i++] = x.degradation;
    numbers[i++] = x.due;
    numbers[i++] = x.end;
    numbers[i++] = x.status;
    numbers[i++] = x.spanHigh;
    numbers[i] = x.spanLow;
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

  /** True if there are entries of a route. */
  holds(route: string): boolean {
    for (let n = this.#oldest; n < this.#count; n++) {
      if (this.#exchanges[n % this.#size]?.route === route) return true;
    }
    return false;
  }

  /** Number of exchanges recorded since the start, over all resets. */
  get total(): number {
    return this.#before + this.#count;
  }

  /** Finds an entry by its span id. */
  bySpan(span: string): JournalEntry | undefined {
    const oldest = this.#oldest;
    if (this.#bySpan.size > 2 * this.#size) this.#bySpan.clear();
    if (this.#bySpan.size === 0) this.#unindexed = oldest;
    for (
      let n = Math.max(this.#unindexed, oldest);
      n < this.#count;
      n++
    ) {
      const at = n % this.#size * COLUMNS + SPAN;
      const high = this.#numbers[at];
      const low = this.#numbers[at + 1];
      if (high !== 0 || low !== 0) this.#bySpan.set(hashOf(high, low), n);
    }
    this.#unindexed = this.#count;
    const number = this.#bySpan.get(
      hashOf(wordOf(span.slice(0, 8)), wordOf(span.slice(8))),
    );
    if (number === undefined || number < oldest) return undefined;
    const entry = this.#entry(number);
    return entry.spanId === span ? entry : undefined;
  }

  /**
   * Entries from a place on.
   *
   * @param total {@linkcode total} at that place
   * @param limit maximum number of entries
   * @returns entries, and the number of those since the place that are no longer kept
   */
  since(
    total: number,
    limit: number,
  ): { readonly entries: JournalEntry[]; readonly missed: number } {
    const wanted = total - this.#before;
    const first = Math.max(wanted, this.#oldest);
    const end = Math.min(this.#count, first + limit);
    const entries: JournalEntry[] = [];
    for (let n = first; n < end; n++) entries.push(this.#entry(n));
    return { entries, missed: first - wanted };
  }

  /** Removes all entries. */
  reset(): void {
    this.#before += this.#count;
    this.#bySpan.clear();
    this.#unindexed = 0;
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
    const [
      sequence,
      arrival,
      start,
      service,
      degradation,
      due,
      end,
      status,
      high,
      low,
    ] = this.#numbers.subarray(at, at + COLUMNS);
    const texts = this.#exchanges[slot] ?? new EntryTexts();
    const answered = texts.outcome === "answered";
    const { parent } = texts;
    const span = high === 0 && low === 0 ? "" : spanId(high, low);
    const served = answered || texts.outcome === "reset";
    return {
      number,
      route: texts.route,
      pattern: texts.pattern,
      session: this.#session,
      sequence,
      key: texts.key,
      method: texts.method,
      path: texts.url === undefined ? null : targetOf(texts.url),
      arrivalMs: round(arrival - this.#origin),
      time: isoTime(arrival),
      outcome: texts.outcome,
      status,
      queueMs: round(Math.max(0, Math.min(start, end) - arrival)),
      drawnMs: round(service),
      degradationMs: round(degradation),
      achievedMs: served ? round(Math.max(0, end - start - degradation)) : null,
      totalMs: round(end - arrival),
      latenessMs: answered ? round(end - due) : null,
      traceId: parent?.trace ?? (span === "" ? "" : this.#prefix + span),
      spanId: span,
      parentSpanId: parent?.span ?? null,
      sampled: parent?.sampled ?? true,
      webSocket: texts.socket === undefined ? null : socketOf(texts.socket),
    };
  }
}

/** Hash of a span id from its two words, exact as a number: 52 of its 64 bits. */
function hashOf(high: number, low: number): number {
  return (high >>> 0) * 0x10_0000 + (low & 0xf_ffff);
}

/** Reads 8 hexadecimal digits as a signed word. */
function wordOf(digits: string): number {
  return Number.parseInt(digits, 16) | 0;
}

/** Members of an entry that are not numbers. */
class EntryTexts {
  route = "";
  pattern = "";
  method = "";
  key: string | null = null;
  url: string | undefined = undefined;
  outcome: Outcome = "pending";
  parent: TraceParent | undefined = undefined;
  socket: SocketCounts | undefined = undefined;
}

function socketOf(
  { sent, received, bytesSent, bytesReceived, code }: SocketCounts,
): JournalEntry["webSocket"] {
  return {
    messagesSent: sent,
    messagesReceived: received,
    bytesSent,
    bytesReceived,
    code,
  };
}

/** Formats a time of the clock as wall-clock time in ISO 8601, to the microsecond. */
function isoTime(time: number): string {
  const microseconds = Math.round(wallTime(time) * 1000);
  const fraction = microseconds % 1000;
  const iso = new Date((microseconds - fraction) / 1000).toISOString();
  return `${iso.slice(0, -1)}${`${fraction}`.padStart(3, "0")}Z`;
}

/** Returns a key as an entry keeps it: not as a part of the request's head. */
function keyOf(value: string | null): string | null {
  return value === null ? null : detached(excerpt(value, LONGEST_TEXT));
}

function matches(entry: JournalEntry, filter: JournalFilter): boolean {
  return (filter.route === undefined || entry.route === filter.route) &&
    (filter.outcome === undefined || entry.outcome === filter.outcome) &&
    (filter.status === undefined || entry.status === filter.status) &&
    (filter.trace === undefined || entry.traceId === filter.trace) &&
    (filter.slower === undefined || entry.totalMs >= filter.slower);
}
